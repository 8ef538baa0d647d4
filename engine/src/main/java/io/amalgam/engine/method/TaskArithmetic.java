package io.amalgam.engine.method;

import java.util.List;

/** Adds the models' weighted task vectors to the base model. */
final class TaskArithmetic implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS =
            TaskVectorParameters.with(false, false);

    @Override
    public String name() {
        return "task_arithmetic";
    }

    @Override
    public String summary() {
        return "Adds the models' weighted task vectors to the base model.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i), δ_i = x_i - b";
    }

    @Override
    public String paper() {
        return "Ilharco et al. 2022, Editing models with task arithmetic, arXiv:2212.04089";
    }

    @Override
    public InputRule inputs() {
        return TaskVectorParameters.INPUTS;
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
        return new TaskVectorMerge(task, false);
    }
}
