package io.amalgam.engine.method;

import java.util.List;

/** Karcher mean: the point on the sphere with the least sum of squared angles to all models. */
final class Karcher implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "max_iter",
                    MethodParameter.Type.INTEGER,
                    MethodParameter.Scope.SHARED,
                    10L,
                    "The most rounds."),
            MethodParameter.optional(
                    "tol",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1e-5,
                    "The length of a step at which to stop."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.ORDINARY_INPUT, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "karcher";
    }

    @Override
    public String summary() {
        return "Karcher mean: the point on the sphere with the least sum of squared angles to all models.";
    }

    @Override
    public String formula() {
        return "m ← exp_m(mean(log_m(u_i))) until |mean(log_m(u_i))| < tol, scaled by mean(|x_i|); "
                + "u_i = x_i / |x_i|";
    }

    @Override
    public String paper() {
        return "Karcher 1977, Riemannian center of mass and mollifier smoothing";
    }

    @Override
    public InputRule inputs() {
        return INPUTS;
    }

    @Override
    public Passes passes() {
        return Passes.ITERATIVE;
    }

    @Override
    public List<MethodParameter> parameters() {
        return PARAMETERS;
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new KarcherMerge(task);
    }
}
