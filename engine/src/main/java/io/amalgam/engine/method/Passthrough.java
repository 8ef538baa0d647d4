package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;
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

    @Override
    public TensorMerge begin(TensorTask task) {
        return task.has(0, "scale") ? new Scaled(task) : new LoneInput(task, 0);
    }

    private static final class Scaled extends PointwiseMerge {
        private final double scale;

        Scaled(TensorTask task) {
            super(task);
            scale = kernels.factor(task.number(0, "scale"));
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            Tile tile = strip.input(0, from, length);
            arithmetic.scale(tile, tile, scale, length);
            return tile;
        }
    }
}
