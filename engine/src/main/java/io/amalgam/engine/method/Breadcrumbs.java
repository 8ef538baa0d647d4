package io.amalgam.engine.method;

import java.util.List;

/** Drops the smallest and the very largest changes of each model, and adds the rest to the base model. */
final class Breadcrumbs implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS =
            TaskVectorParameters.with(false, false, TaskVectorParameters.GAMMA);

    @Override
    public String name() {
        return "breadcrumbs";
    }

    @Override
    public String summary() {
        return "Drops the smallest and the very largest changes of each model, and adds the rest to "
                + "the base model.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i), δ_i = x_i - b without its smallest and largest magnitudes";
    }

    @Override
    public String paper() {
        return "Davari and Belilovsky 2023, Model Breadcrumbs, arXiv:2312.06795";
    }

    @Override
    public InputRule inputs() {
        return TaskVectorParameters.INPUTS;
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
        return new BreadcrumbsMerge(task, false);
    }
}
