package io.amalgam.engine.method;

import java.util.List;
import java.util.Map;

/** Drops changes at random, rescales the rest, and adds them to the base model. */
final class DareLinear implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "weight",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    "The factor of the model's task vector."),
            MethodParameter.optional(
                    "density",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    1.0,
                    "The share of the task vector that is kept."),
            MethodParameter.optional(
                    "normalize",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    false,
                    "Whether the sum is divided by the sum of the weights that entered it."),
            MethodParameter.optional(
                    "rescale",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    true,
                    "Whether a sparsified task vector is scaled back to its former L1 norm."),
            MethodParameter.optional(
                    "lambda",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1.0,
                    "A factor of the merged task vector."),
            MethodParameter.optional(
                    "int8_mask",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    false,
                    "Accepted; has no effect on the result."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "dare_linear";
    }

    @Override
    public String summary() {
        return "Drops changes at random, rescales the rest, and adds them to the base model.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i), δ_i = a random share of x_i - b, rescaled";
    }

    @Override
    public String paper() {
        return "Yu et al. 2023, Language models are super mario, arXiv:2311.03099";
    }

    @Override
    public InputRule inputs() {
        return INPUTS;
    }

    @Override
    public Passes passes() {
        return Passes.STATISTICS_FIRST;
    }

    @Override
    public List<MethodParameter> parameters() {
        return PARAMETERS;
    }

    @Override
    public long draws(long elements, Map<String, Object> parameters, boolean base) {
        return RandomDraws.ofDensity(elements, parameters, base);
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new DareMerge(task, false);
    }
}
