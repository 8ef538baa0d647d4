package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;
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

    @Override
    public TensorMerge begin(TensorTask task) {
        return task.inputs() == 1 ? new LoneInput(task, 0) : new Merge(task);
    }

    private static final class Merge extends PointwiseMerge {
        private static final double LEAST_DISTANCE = 1e-6;

        private final double t;
        private final double floor;

        Merge(TensorTask task) {
            super(task);
            t = kernels.factor(task.number("t"));
            floor = kernels.round(LEAST_DISTANCE);
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            Tile x = strip.input(1 - task.base(), from, length);
            Tile base = strip.input(task.base(), from, length);
            Tile result = strip.scratch(0, length);
            arithmetic.nearSwap(result, x, base, t, floor, length);
            return result;
        }
    }
}
