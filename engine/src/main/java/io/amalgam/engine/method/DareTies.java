package io.amalgam.engine.method;

import java.util.List;
import java.util.Map;

/** Drops changes at random, rescales the rest, and merges by sign election as TIES does. */
final class DareTies implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS =
            TaskVectorParameters.with(false, true);

    @Override
    public String name() {
        return "dare_ties";
    }

    @Override
    public String summary() {
        return "Drops changes at random, rescales the rest, and merges by sign election as TIES does.";
    }

    @Override
    public String formula() {
        return "b + λ sum(w_i δ_i m_i) / sum(w_i m_i), δ_i = a random share of x_i - b, rescaled, m_i "
                + "= agreement of sign with the weighted majority";
    }

    @Override
    public String paper() {
        return "Yu et al. 2023, Language models are super mario, arXiv:2311.03099";
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
    public long draws(long elements, Map<String, Object> parameters, boolean base) {
        return RandomDraws.ofDensity(elements, parameters, base);
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new DareMerge(task, true);
    }
}
