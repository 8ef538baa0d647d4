package io.amalgam.engine.method;

import java.util.List;

/** Weighted mean of the models' weights. */
final class Linear implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "weight",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT,
                    "The model's share."),
            MethodParameter.optional(
                    "normalize",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    true,
                    "Whether the sum is divided by the sum of the weights."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.ORDINARY_INPUT, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public String summary() {
        return "Weighted mean of the models' weights.";
    }

    @Override
    public String formula() {
        return "sum(w_i x_i) / sum(w_i); without normalize, sum(w_i x_i)";
    }

    @Override
    public String paper() {
        return "Wortsman et al. 2022, Model soups, arXiv:2203.05482";
    }

    @Override
    public InputRule inputs() {
        return INPUTS;
    }

    @Override
    public Passes passes() {
        return Passes.ONE;
    }

    @Override
    public List<MethodParameter> parameters() {
        return PARAMETERS;
    }
}
