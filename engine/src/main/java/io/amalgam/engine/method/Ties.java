package io.amalgam.engine.method;

import java.util.List;

/** Keeps the largest changes of each model, elects a sign for each weight, and averages the changes that agree. */
final class Ties implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS =
            TaskVectorParameters.with(true, false);

    @Override
    public String name() {
        return "ties";
    }

    @Override
    public String summary() {
        return "Keeps the largest changes of each model, elects a sign for each weight, and averages "
                + "the changes that agree.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i m_i) / sum(w_i m_i), δ_i = the largest |x_i - b|, m_i = agreement "
                + "of sign with the weighted majority";
    }

    @Override
    public String paper() {
        return "Yadav et al. 2023, TIES-Merging: resolving interference when merging models, arXiv:2306.01708";
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
        return new LargestMerge(task);
    }

    /** Keeps the k largest magnitudes of each task vector, of equal ones those of lowest index. */
    private static final class LargestMerge extends SelectionMerge {

        LargestMerge(TensorTask task) {
            super(task, true, true);
        }

        @Override
        protected long[] ranks(double density, int model) {
            long kept = density <= 0 ? 0 : Math.max(1, (long) (density * task.elements()));
            return kept == 0 ? null : new long[] {task.elements() - kept};
        }
    }
}
