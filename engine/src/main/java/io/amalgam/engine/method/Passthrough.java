package io.amalgam.engine.method;

import java.util.List;

/** Copies one model's tensors, scaled if asked: for stacking layers of several models. */
final class Passthrough implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "scale",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT,
                    null,
                    "A factor; without it tensors are copied."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.ORDINARY_INPUT, 1, 1, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "passthrough";
    }

    @Override
    public String summary() {
        return "Copies one model's tensors, scaled if asked: for stacking layers of several models.";
    }

    @Override
    public String formula() {
        return "x, or scale × x";
    }

    @Override
    public String paper() {
        return "MergeKit";
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
}
