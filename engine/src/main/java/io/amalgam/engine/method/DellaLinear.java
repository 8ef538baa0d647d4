package io.amalgam.engine.method;

import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Drops changes at random, small ones more often, and adds the rest to the base model. */
final class DellaLinear implements MergeMethod {
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
                    "epsilon",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    0.15,
                    "Half the width of the range of keep probabilities."),
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
        return "della_linear";
    }

    @Override
    public String summary() {
        return "Drops changes at random, small ones more often, and adds the rest to the base model.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i), δ_i = a share of x_i - b, drawn by the rank of its magnitude in "
                + "its row, rescaled";
    }

    @Override
    public String paper() {
        return "Deep et al. 2024, DELLA-Merging, arXiv:2406.11617";
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
        return MagnitudePruning.draws(elements, parameters, base);
    }

    @Override
    public List<Problem> check(Map<String, Object> shared, Map<String, Object> parameters) {
        return MagnitudePruning.check(parameters);
    }

    @Override
    public Optional<String> refusesShape(long[] shape, Map<String, Object> parameters) {
        return MagnitudePruning.refusesShape(shape, parameters);
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new DellaMerge(task, false);
    }
}
