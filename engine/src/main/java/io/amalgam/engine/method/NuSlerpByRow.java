package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;

/** Nuslerp of each row of the last dimension on its own; rows lie whole in a strip, so that one pass is enough. */
final class NuSlerpByRow extends NuSlerpMerge {

    NuSlerpByRow(TensorTask task) {
        super(task);
    }

    @Override
    public int stripLength() {
        return TensorTask.stripOfRows(task.rowLength());
    }

    @Override
    public void output(Strip strip) {
        int row = task.rowLength();
        for (int from = 0; from < strip.length(); from += row) {
            strip.emit(tile(strip, from, row), kernels.type(), row);
        }
    }

    @Override
    protected Tile tile(Strip strip, int from, int length) {
        Tile[] vectors = vectors(strip, from, length);
        double[] norms = new double[2];
        for (int model = 0; model < 2; model++) {
            norms[model] = norm(kernels.reductions().dot(vectors[model], vectors[model], length));
        }
        return interpolate(strip, factors(dot(vectors, norms, length)), from, length);
    }
}
