package io.amalgam.engine.method;

import java.util.List;

/** Averages overlapping changes of reinforcement-learned models, and keeps unique ones whole. */
final class Ram implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "epsilon",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1e-5,
                    "The size above which a change counts."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "ram";
    }

    @Override
    public String summary() {
        return "Averages overlapping changes of reinforcement-learned models, and keeps unique ones whole.";
    }

    @Override
    public String formula() {
        return "b + sum_i(v_i / c where |v_i| > ε), c the number of models with |v| > ε at that position";
    }

    @Override
    public String paper() {
        return "Yuan et al. 2026, Behavior knowledge merge in reinforced agentic models, arXiv:2601.13572";
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

    @Override
    public TensorMerge begin(TensorTask task) {
        return new OverlapMerge(task, false);
    }
}
