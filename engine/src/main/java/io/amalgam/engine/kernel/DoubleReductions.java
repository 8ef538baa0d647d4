package io.amalgam.engine.kernel;

/** The specification of {@link ReductionKernels} for doubles. */
final class DoubleReductions implements ReductionKernels {

    @Override
    public double sum(Tile a, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += a.doubles[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double sumOfMagnitudes(Tile a, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += Math.abs(a.doubles[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dot(Tile a, Tile b, int length) {
        double[] lanes = new double[LANES];
        for (int i = 0; i < length; i++) {
            lanes[i % LANES] += a.doubles[i] * b.doubles[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dotRounded(Tile a, Tile b, int length) {
        return dot(a, b, length);
    }

    @Override
    public double maximum(Tile a, int length) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < length; i++) {
            largest = Math.max(largest, a.doubles[i]);
        }
        return largest;
    }
}
