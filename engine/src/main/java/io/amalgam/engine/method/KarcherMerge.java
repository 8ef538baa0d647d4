package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of karcher (mergekit.md §2.3): from the normalised mean of the directions, steps along the mean of their
 * logarithms until the step is short. Norms are binary32, everything else is rounded to the type of the arithmetic. The
 * point reached is computed anew from the inputs before the first step and kept in a {@link ScratchVector} after it, as is
 * the mean of the logarithms; models near each other need no step at all.
 */
final class KarcherMerge extends PointwiseMerge {
    private enum Stage {
        NORMS,
        MEAN,
        DOTS,
        TANGENT,
        STEP,
        DONE
    }

    private static final int POINT = 0;
    private static final int TANGENT = 1;
    private static final int TERM = 2;
    private static final int UNIT = 3;

    private final Kernels single;
    private final int models;
    private final double tolerance;
    private final long rounds;
    private final double[] norms;
    private final boolean[] valid;
    /** Cosines between the point and each direction, and what each logarithm is multiplied with; 0 to leave it out. */
    private final double[] dots;

    private final double[] factors;
    private double share;
    private Stage stage = Stage.NORMS;
    private int first = -1;
    private double pointNorm;
    private double tangentNorm;
    private int round;
    /** The point reached, before it is normalised; null in round 0. */
    private ScratchVector point;
    /** The mean of the logarithms at the point, before it is normalised. */
    private ScratchVector tangent;

    private double length;

    KarcherMerge(TensorTask task) {
        super(task);
        single = kernels.type() == DType.F64 ? kernels : Kernels.of(DType.F32);
        models = task.inputs();
        tolerance = task.number("tol");
        rounds = (long) task.number("max_iter");
        norms = new double[models];
        valid = new boolean[models];
        dots = new double[models];
        factors = new double[models];
    }

    @Override
    public Pass nextPass() {
        return stage == Stage.DONE ? null : new StagePass(stage);
    }

    /** A pass that adds up one number for each model, or one in all. */
    private final class StagePass extends TilePass {
        private final Stage own;
        private final StripSums sums;

        StagePass(Stage own) {
            this.own = own;
            sums = new StripSums(task.strips(stripLength()), models);
        }

        @Override
        public boolean reads(int input) {
            return own == Stage.STEP ? KarcherMerge.this.reads(input) : own == Stage.NORMS || valid[input];
        }

        @Override
        protected void tile(Strip strip, int from, int count) {
            switch (own) {
                case NORMS -> {
                    for (int model = 0; model < models; model++) {
                        Tile input = strip.input(model, from, count);
                        sums.add(strip.index(), model, kernels.reductions().dot(input, input, count));
                    }
                }
                case MEAN -> addSquares(strip, mean(strip, from, count), count);
                case DOTS -> {
                    Tile here = point(strip, from, count);
                    for (int model = 0; model < models; model++) {
                        if (valid[model]) {
                            Tile unit = unit(strip, model, from, count);
                            sums.add(strip.index(), model, kernels.reductions().dot(here, unit, count));
                        }
                    }
                }
                case TANGENT -> {
                    Tile mean = tangent(strip, point(strip, from, count), from, count);
                    tangent.write(strip.first() + from, mean, count);
                    addSquares(strip, mean, count);
                }
                case STEP -> {
                    Tile next = step(strip, from, count);
                    point.write(strip.first() + from, next, count);
                    addSquares(strip, next, count);
                }
                case DONE -> throw new IllegalStateException("nothing is left to measure");
            }
        }

        private void addSquares(Strip strip, Tile tile, int count) {
            sums.add(strip.index(), 0, kernels.reductions().dot(tile, tile, count));
        }

        @Override
        public void complete() {
            stage = switch (own) {
                case NORMS -> afterNorms(sums);
                case MEAN -> afterMean(sums);
                case DOTS -> afterDots(sums);
                case TANGENT -> afterTangent(sums);
                case STEP -> afterStep(sums);
                case DONE -> Stage.DONE;
            };
        }
    }

    private Stage afterNorms(StripSums sums) {
        int count = 0;
        for (int model = 0; model < models; model++) {
            norms[model] = single.round(Math.sqrt(sums.total(model)));
            valid[model] = norms[model] > tolerance;
            if (valid[model]) {
                first = first < 0 ? model : first;
                count++;
            }
        }
        double each = 1.0 / models;
        share = count == 0 ? 0 : kernels.factor(each / (each * count));
        double sum = 0;
        for (double norm : norms) {
            sum += each * norm;
        }
        length = kernels.round(single.round(sum));
        return count == 0 ? Stage.DONE : Stage.MEAN;
    }

    private Stage afterMean(StripSums sums) {
        pointNorm = single.round(Math.sqrt(sums.total(0)));
        return rounds > 0 ? Stage.DOTS : Stage.DONE;
    }

    private Stage afterDots(StripSums sums) {
        boolean any = false;
        double least = kernels.round(tolerance);
        for (int model = 0; model < models; model++) {
            factors[model] = 0;
            if (valid[model]) {
                dots[model] = Math.clamp(kernels.round(sums.total(model)), -1, 1);
                double angle = kernels.round(StrictMath.acos(dots[model]));
                if (angle >= least) {
                    double ratio = kernels.round(angle / kernels.round(StrictMath.sin(angle)));
                    factors[model] = kernels.round(ratio * share);
                    any = true;
                }
            }
        }
        if (!any) {
            return Stage.DONE;
        }
        if (tangent == null) {
            tangent = new ScratchVector(kernels, task.elements(), task.scratch());
        }
        return Stage.TANGENT;
    }

    private Stage afterTangent(StripSums sums) {
        tangentNorm = single.round(Math.sqrt(sums.total(0)));
        if (tangentNorm < tolerance) {
            return Stage.DONE;
        }
        if (point == null) {
            point = new ScratchVector(kernels, task.elements(), task.scratch());
        }
        return Stage.STEP;
    }

    private Stage afterStep(StripSums sums) {
        pointNorm = single.round(Math.sqrt(sums.total(0)));
        round++;
        return round < rounds ? Stage.DOTS : Stage.DONE;
    }

    private Tile unit(Strip strip, int model, int from, int count) {
        Tile unit = strip.scratch(UNIT, count);
        strip.quotient(model, from, norms[model], unit, count);
        return unit;
    }

    /** The mean of the directions, before it is normalised. */
    private Tile mean(Strip strip, int from, int count) {
        Tile mean = strip.scratch(POINT, count);
        Tile term = strip.scratch(TERM, count);
        arithmetic.fill(mean, 0, count);
        for (int model = 0; model < models; model++) {
            if (valid[model]) {
                arithmetic.scale(term, unit(strip, model, from, count), share, count);
                arithmetic.add(mean, mean, term, count);
            }
        }
        return mean;
    }

    /** The point of this round. */
    private Tile point(Strip strip, int from, int count) {
        Tile here = strip.scratch(POINT, count);
        if (round == 0) {
            if (pointNorm < tolerance) {
                strip.quotient(first, from, norms[first], here, count);
                return here;
            }
            here = mean(strip, from, count);
        } else {
            point.read(strip.first() + from, here, count);
        }
        if (round == 0 || pointNorm > tolerance) {
            arithmetic.divideBy(here, here, pointNorm, count);
        }
        return here;
    }

    /** The mean of the logarithms. */
    private Tile tangent(Strip strip, Tile here, int from, int count) {
        Tile tangent = strip.scratch(TANGENT, count);
        arithmetic.fill(tangent, 0, count);
        for (int model = 0; model < models; model++) {
            if (factors[model] != 0) {
                arithmetic.addLogarithm(tangent, unit(strip, model, from, count), here, dots[model], factors[model], count);
            }
        }
        return tangent;
    }

    /** The next point, before it is normalised. */
    private Tile step(Strip strip, int from, int count) {
        Tile here = point(strip, from, count);
        Tile direction = strip.scratch(TANGENT, count);
        tangent.read(strip.first() + from, direction, count);
        arithmetic.divideBy(direction, direction, tangentNorm, count);
        double cosine = kernels.round(single.round(StrictMath.cos(tangentNorm)));
        double sine = kernels.round(single.round(StrictMath.sin(tangentNorm)));
        arithmetic.weightedSum(here, here, cosine, direction, sine, count);
        return here;
    }

    @Override
    protected Tile tile(Strip strip, int from, int count) {
        if (first < 0) {
            Tile zeros = strip.scratch(POINT, count);
            arithmetic.fill(zeros, 0, count);
            return zeros;
        }
        Tile result = point(strip, from, count);
        arithmetic.scale(result, result, length, count);
        return result;
    }

    /** Once there is a point, the inputs are not needed where it is enough. */
    @Override
    public boolean reads(int input) {
        return round == 0;
    }

    @Override
    public void close() {
        if (point != null) {
            point.close();
        }
        if (tangent != null) {
            tangent.close();
        }
    }
}
