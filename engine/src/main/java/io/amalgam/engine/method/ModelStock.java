package io.amalgam.engine.method;

import java.util.List;

/** Moves the mean of the fine-tuned models towards the base model, by the angle between them. */
final class ModelStock implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "filter_wise",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    false,
                    "Whether angles are taken row by row."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 3, Integer.MAX_VALUE, true, InputRule.Incomplete.PASS_LONE_BASE_OR_LEAVE_OUT);

    @Override
    public String name() {
        return "model_stock";
    }

    @Override
    public String summary() {
        return "Moves the mean of the fine-tuned models towards the base model, by the angle between them.";
    }

    @Override
    public String formula() {
        return "t mean(x_i) + (1-t) b, t = N cos θ / (1 + (N-1) cos θ), cos θ the mean over pairs of "
                + "task vectors";
    }

    @Override
    public String paper() {
        return "Jang et al. 2024, Model Stock: all we need is just a few fine-tuned models, arXiv:2403.19522";
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
        if (task.inputs() == 1) {
            return new LoneInput(task, 0);
        }
        return task.flag("filter_wise") ? new ModelStockMerge.ByRow(task) : new ModelStockMerge.Whole(task);
    }
}
