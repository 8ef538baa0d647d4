package io.amalgam.engine.method;

import java.util.List;

/** Spherical weighted mean of any number of models, in the tangent space at their mean direction. */
final class MultiSlerp implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "weight",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    "The model's share."),
            MethodParameter.optional(
                    "normalize_weights",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    true,
                    "Whether weights are divided by their sum."),
            MethodParameter.optional(
                    "eps",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1e-8,
                    "Guards divisions by the length of a vector."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.OPTIONAL, 1, Integer.MAX_VALUE, false, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "multislerp";
    }

    @Override
    public String summary() {
        return "Spherical weighted mean of any number of models, in the tangent space at their mean direction.";
    }

    @Override
    public String formula() {
        return "m cos s + τ sin s / s, scaled by sum(w_i n_i); n_i = |x_i|, u_i = x_i / n_i, m = "
                + "sum(w_i u_i) normalised, τ = sum(w_i (u_i - (u_i·m) m)), s = |τ|";
    }

    @Override
    public String paper() {
        return "MergeKit; Buss and Fillmore 2001, Spherical averages";
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
        int[] models = task.nonBase();
        // One model is returned as it is, without the base model; the base model alone is all there is.
        return models.length > 1
                ? new MultiSlerpMerge(task)
                : new LoneInput(task, models.length == 1 ? models[0] : task.base());
    }
}
