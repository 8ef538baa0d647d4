package io.amalgam.engine.kernel;

/** The specification of {@link ReductionKernels} for floats. */
final class ScalarReductions implements ReductionKernels {
    private final Rounding rounding;

    ScalarReductions(Rounding rounding) {
        this.rounding = rounding;
    }

    @Override
    public double sum(Tile a, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += a.floats[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double sumOfMagnitudes(Tile a, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += Math.abs(a.floats[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dot(Tile a, Tile b, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += (double) a.floats[i] * b.floats[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dotRounded(Tile a, Tile b, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += rounding.round(a.floats[i] * b.floats[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double maximum(Tile a, int length) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < length; i++) {
            largest = Math.max(largest, a.floats[i]);
        }
        return largest;
    }
}
