package io.amalgam.engine.method;

import java.util.List;

/** Interpolates between two models along the arc between their directions. */
final class Slerp implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "t",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    "Where on the arc: 0 is the base model, 1 the other."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 2, 2, true, InputRule.Incomplete.PASS_LONE_INPUT);

    @Override
    public String name() {
        return "slerp";
    }

    @Override
    public String summary() {
        return "Interpolates between two models along the arc between their directions.";
    }

    @Override
    public String formula() {
        return "(sin((1-t)θ) b + sin(tθ) x) / sin θ, cos θ = b·x / (|b||x|); nearly parallel: (1-t) b + t x";
    }

    @Override
    public String paper() {
        return "Shoemake 1985, Animating rotation with quaternion curves";
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
}
