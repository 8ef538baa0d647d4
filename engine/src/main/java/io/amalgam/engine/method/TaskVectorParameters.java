package io.amalgam.engine.method;

import java.util.ArrayList;
import java.util.List;

/** What the methods of generalised task arithmetic take: parameters of the same names and meanings, with other defaults. */
final class TaskVectorParameters {
    /** A base model and at least one other; a model that lacks a tensor is left out of it. */
    static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    /** Of the breadcrumbs methods. */
    static final MethodParameter GAMMA = MethodParameter.optional(
            "gamma",
            MethodParameter.Type.FLOAT,
            MethodParameter.Scope.PER_INPUT_NON_BASE,
            0.01,
            "The share of largest changes that is dropped as outliers.");

    /** Of the della methods. */
    static final MethodParameter EPSILON = MethodParameter.optional(
            "epsilon",
            MethodParameter.Type.FLOAT,
            MethodParameter.Scope.PER_INPUT_NON_BASE,
            0.15,
            "Half the width of the range of keep probabilities.");

    /** Written in many recipes, to no effect. */
    static final MethodParameter INT8_MASK = MethodParameter.optional(
            "int8_mask",
            MethodParameter.Type.BOOLEAN,
            MethodParameter.Scope.SHARED,
            false,
            "Accepted; has no effect on the result.");

    private TaskVectorParameters() {
    }

    /**
     * The parameters of a method, in the order of the documentation.
     *
     * @param normalize default of {@code normalize}
     * @param rescale default of {@code rescale}
     * @param own those that only some methods have
     */
    static List<MethodParameter> with(boolean normalize, boolean rescale, MethodParameter... own) {
        List<MethodParameter> parameters = new ArrayList<>();
        parameters.add(MethodParameter.required(
                "weight",
                MethodParameter.Type.FLOAT,
                MethodParameter.Scope.PER_INPUT_NON_BASE,
                "The factor of the model's task vector."));
        parameters.add(MethodParameter.optional(
                "density",
                MethodParameter.Type.FLOAT,
                MethodParameter.Scope.PER_INPUT_NON_BASE,
                1.0,
                "The share of the task vector that is kept."));
        parameters.addAll(List.of(own));
        parameters.add(MethodParameter.optional(
                "normalize",
                MethodParameter.Type.BOOLEAN,
                MethodParameter.Scope.SHARED,
                normalize,
                "Whether the sum is divided by the sum of the weights that entered it."));
        parameters.add(MethodParameter.optional(
                "rescale",
                MethodParameter.Type.BOOLEAN,
                MethodParameter.Scope.SHARED,
                rescale,
                "Whether a sparsified task vector is scaled back to its former L1 norm."));
        parameters.add(MethodParameter.optional(
                "lambda",
                MethodParameter.Type.FLOAT,
                MethodParameter.Scope.SHARED,
                1.0,
                "A factor of the merged task vector."));
        parameters.add(INT8_MASK);
        return List.copyOf(parameters);
    }
}
