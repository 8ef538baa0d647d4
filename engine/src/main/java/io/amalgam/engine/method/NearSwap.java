package io.amalgam.engine.method;

import java.util.List;

/** Takes the second model's weights where they are near the base model's. */
final class NearSwap implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "t",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    "The distance below which weights are taken whole."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 2, 2, true, InputRule.Incomplete.PASS_LONE_BASE);

    @Override
    public String name() {
        return "nearswap";
    }

    @Override
    public String summary() {
        return "Takes the second model's weights where they are near the base model's.";
    }

    @Override
    public String formula() {
        return "s x + (1-s) b, s = clamp(t / |b - x|, 0, 1)";
    }

    @Override
    public String paper() {
        return "Alchemonaut 2024, NearSwap (QuartetAnemoi-70B)";
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
