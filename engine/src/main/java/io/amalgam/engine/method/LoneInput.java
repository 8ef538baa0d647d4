package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;

/** One input passed through: cast and rounded as any, but with no arithmetic on it. */
final class LoneInput extends PointwiseMerge {
    private final int input;

    LoneInput(TensorTask task, int input) {
        super(task);
        this.input = input;
    }

    @Override
    public boolean reads(int other) {
        return other == input;
    }

    @Override
    protected Tile tile(Strip strip, int from, int length) {
        return strip.input(input, from, length);
    }

    @Override
    public void output(Strip strip) {
        if (!strip.emitStored(input)) {
            super.output(strip);
        }
    }
}
