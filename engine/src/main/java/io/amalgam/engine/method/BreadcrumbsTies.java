package io.amalgam.engine.method;

import java.util.List;

/** Drops the smallest and the very largest changes of each model, and merges by sign election as TIES does. */
final class BreadcrumbsTies implements MergeMethod {
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
                    "gamma",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    0.01,
                    "The share of largest changes that is dropped as outliers."),
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
                    false,
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
        return "breadcrumbs_ties";
    }

    @Override
    public String summary() {
        return "Drops the smallest and the very largest changes of each model, and merges by sign "
                + "election as TIES does.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i m_i) / sum(w_i m_i), δ_i = x_i - b without its smallest and largest "
                + "magnitudes, m_i = agreement of sign with the weighted majority";
    }

    @Override
    public String paper() {
        return "Davari and Belilovsky 2023, Model Breadcrumbs, arXiv:2312.06795";
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
    public TensorMerge begin(TensorTask task) {
        return new BreadcrumbsMerge(task, true);
    }
}
