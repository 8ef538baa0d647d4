package io.amalgam.engine.method;

import java.util.List;

/** Slerp by weights, of two models or of their task vectors. */
final class NuSlerp implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "weight",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT_NON_BASE,
                    "The model's share."),
            MethodParameter.optional(
                    "nuslerp_flatten",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    true,
                    "Whether a whole tensor is one vector."),
            MethodParameter.optional(
                    "nuslerp_row_wise",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    false,
                    "Without flattening: vectors along the first dimension instead of the last."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.OPTIONAL, 2, 2, false, InputRule.Incomplete.PASS_LONE_INPUT);

    @Override
    public String name() {
        return "nuslerp";
    }

    @Override
    public String summary() {
        return "Slerp by weights, of two models or of their task vectors.";
    }

    @Override
    public String formula() {
        return "(sin((1-t)θ) v_1 + sin(tθ) v_2) / sin θ, t = w_2 / (w_1 + w_2); v = x, or b + the "
                + "same of v = x - b";
    }

    @Override
    public String paper() {
        return "MergeKit; Shoemake 1985";
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
        return task.inputs() == 1 ? new LoneInput(task, 0) : NuSlerpMerge.of(task);
    }
}
