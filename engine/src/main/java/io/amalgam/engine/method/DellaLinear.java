package io.amalgam.engine.method;

import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Drops changes at random, small ones more often, and adds the rest to the base model. */
final class DellaLinear implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS =
            TaskVectorParameters.with(false, true, TaskVectorParameters.EPSILON);

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
