package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.ArithmeticKernels;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;

/** A merge whose output is computed tile by tile, each element from the elements at its own place. */
abstract class PointwiseMerge implements TensorMerge {
    protected final TensorTask task;
    protected final Kernels kernels;
    protected final ArithmeticKernels arithmetic;

    PointwiseMerge(TensorTask task) {
        this.task = task;
        this.kernels = task.kernels();
        this.arithmetic = kernels.arithmetic();
    }

    /** Type of the arithmetic that {@link #tile} gives its results in. */
    protected DType resultType() {
        return kernels.type();
    }

    /**
     * Computes elements of the output.
     *
     * @param from first element within the strip
     * @return a tile that holds them
     */
    protected abstract Tile tile(Strip strip, int from, int length);

    @Override
    public void output(Strip strip) {
        for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
            int length = Math.min(Tile.LENGTH, strip.length() - from);
            strip.emit(tile(strip, from, length), resultType(), length);
        }
    }
}
