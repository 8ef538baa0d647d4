package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of nuslerp: two vectors (weights, or task vectors if there is a base model) interpolated along the arc
 * between their directions; whole tensors, rows, or columns are vectors. Every step is rounded to the type of the
 * arithmetic.
 */
abstract class NuSlerpMerge extends PointwiseMerge {
    private static final double LEAST_NORM = 1e-7;
    private static final double LEAST_SINE_SQUARED = 1e-16;
    private static final double LEAST_WEIGHT = 1e-6;
    private static final int FIRST = 0;
    private static final int SECOND = 1;
    /** The first slot that is free for subclasses. */
    protected static final int FREE = 2;

    private final int[] models;
    /** Position between the models, as Python has it. */
    private final double t;

    NuSlerpMerge(TensorTask task) {
        super(task);
        models = task.nonBase();
        double first = task.number(models[0], "weight");
        double second = task.number(models[1], "weight");
        t = Math.abs(first + second) < LEAST_WEIGHT ? 0.5 : second / (first + second);
    }

    /** The merge that the parameters ask for. */
    static TensorMerge of(TensorTask task) {
        if (task.flag("nuslerp_flatten")) {
            return new Whole(task);
        }
        // Row-wise takes vectors along the first dimension; of a vector both dimensions are the same.
        boolean rows = !task.flag("nuslerp_row_wise") || task.plan().shape().length < 2;
        return rows ? new NuSlerpByRow(task) : new NuSlerpByColumn(task);
    }

    /** The two vectors over some elements, in scratch slots {@link #FIRST} and {@link #SECOND}. */
    protected final Tile[] vectors(Strip strip, int from, int length) {
        Tile[] vectors = {strip.scratch(FIRST, length), strip.scratch(SECOND, length)};
        Tile base = task.base() < 0 ? null : strip.input(task.base(), from, length);
        for (int model = 0; model < 2; model++) {
            if (base == null) {
                arithmetic.round(vectors[model], strip.input(models[model], from, length), length);
            } else {
                strip.difference(models[model], from, base, vectors[model], length);
            }
        }
        return vectors;
    }

    /** The length that a vector is divided by, from the sum of its squares. */
    protected final double norm(double squares) {
        return Math.max(kernels.round(Math.sqrt(squares)), kernels.round(LEAST_NORM));
    }

    /** Divides both vectors by their norms and takes the dot product of the directions, each product rounded. */
    protected final double dot(Tile[] vectors, double[] norms, int length) {
        for (int model = 0; model < 2; model++) {
            arithmetic.divideBy(vectors[model], vectors[model], norms[model], length);
        }
        return kernels.reductions().dotRounded(vectors[0], vectors[1], length);
    }

    /**
     * What the vectors are multiplied with and their sum divided by.
     *
     * @param first of the first vector
     * @param second of the second vector
     * @param divisor of the sum
     */
    protected record Factors(double first, double second, double divisor) {
    }

    /** The factors from the cosine between the directions. */
    protected final Factors factors(double sum) {
        Kernels k = kernels;
        double cosine = Math.clamp(k.round(sum), -1, 1);
        if (k.round(1 - k.round(cosine * cosine)) <= k.round(LEAST_SINE_SQUARED)) {
            return new Factors(k.factor(1 - t), k.factor(t), 1);
        }
        double angle = k.round(StrictMath.acos(cosine));
        double sine = k.round(StrictMath.sin(angle));
        double first = k.round(StrictMath.sin(k.round(angle * k.factor(1 - t))));
        double second = k.round(StrictMath.sin(k.round(angle * k.factor(t))));
        return new Factors(first, second, sine);
    }

    /** The interpolation of two vectors, with the base model added if there is one. */
    protected final Tile interpolate(Strip strip, Factors factors, int from, int length) {
        Tile[] vectors = vectors(strip, from, length);
        arithmetic.weightedSum(vectors[0], vectors[0], factors.first(), vectors[1], factors.second(), length);
        if (factors.divisor() != 1) {
            arithmetic.divideBy(vectors[0], vectors[0], factors.divisor(), length);
        }
        return addBase(strip, vectors[0], from, length);
    }

    /** Adds the base model if there is one. */
    protected final Tile addBase(Strip strip, Tile tile, int from, int length) {
        if (task.base() >= 0) {
            arithmetic.add(tile, strip.input(task.base(), from, length), tile, length);
        }
        return tile;
    }

    /** The whole tensor is one vector. */
    private static final class Whole extends NuSlerpMerge {
        private double[] norms;
        private Factors factors;

        Whole(TensorTask task) {
            super(task);
        }

        @Override
        public Pass nextPass() {
            if (factors != null) {
                return null;
            }
            StripSums sums = new StripSums(task.strips(stripLength()), 2);
            return norms == null ? new NormPass(sums) : new DotPass(sums);
        }

        private final class NormPass extends TilePass {
            private final StripSums sums;

            NormPass(StripSums sums) {
                this.sums = sums;
            }

            @Override
            protected void tile(Strip strip, int from, int length) {
                Tile[] vectors = vectors(strip, from, length);
                for (int model = 0; model < 2; model++) {
                    sums.add(strip.index(), model, kernels.reductions().dot(vectors[model], vectors[model], length));
                }
            }

            @Override
            public void complete() {
                norms = new double[] {norm(sums.total(0)), norm(sums.total(1))};
            }
        }

        private final class DotPass extends TilePass {
            private final StripSums sums;

            DotPass(StripSums sums) {
                this.sums = sums;
            }

            @Override
            protected void tile(Strip strip, int from, int length) {
                sums.add(strip.index(), 0, dot(vectors(strip, from, length), norms, length));
            }

            @Override
            public void complete() {
                factors = factors(sums.total(0));
            }
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            return interpolate(strip, factors, from, length);
        }
    }
}
