package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;

/**
 * Generalised task arithmetic (mergekit.md §2.3): task vectors δ_i = x_i - b, sparsified by the method, weighted, summed
 * with or without sign election, and added to the base model. Every operation is rounded to the type of the arithmetic.
 */
class TaskVectorMerge extends PointwiseMerge {
    private static final int MIXED = 0;
    private static final int DIVISOR = 1;
    /** The first of the slots of task vectors. */
    private static final int VECTORS = 2;
    /** Sums below it are not used to rescale. */
    private static final double LEAST_SUM = 1e-7;

    /** Inputs that are not the base model. */
    protected final int[] models;

    private final boolean election;
    private final boolean normalize;
    private final boolean rescale;
    private final double lambda;
    private final double[] weights;
    private final double divisor;
    /** By model: what its sparsified task vector is multiplied with. */
    private final double[] ratios;

    private boolean measured;

    /**
     * @param election whether signs are elected
     */
    TaskVectorMerge(TensorTask task, boolean election) {
        super(task);
        this.election = election;
        models = task.nonBase();
        normalize = task.flag("normalize");
        rescale = task.flag("rescale");
        lambda = kernels.factor(task.number("lambda"));
        weights = new double[models.length];
        ratios = new double[models.length];
        double sum = 0;
        for (int model = 0; model < models.length; model++) {
            weights[model] = kernels.round(task.number(models[model], "weight"));
            ratios[model] = 1;
            sum = kernels.factor(sum + weights[model]);
        }
        sum = kernels.round(sum);
        divisor = Math.abs(sum) < kernels.round(1e-8) ? 1 : sum;
    }

    /** Index in {@link #models} of an input that is not the base model. */
    protected final int modelOf(int input) {
        return input > task.base() ? input - 1 : input;
    }

    /** Whether {@link #sparsify} does anything to this model. */
    protected boolean sparsifies(int model) {
        return false;
    }

    /** What {@link #sparsify} needs to remember from tile to tile of one strip, or null. */
    protected Object beginStrip(Strip strip) {
        return null;
    }

    /**
     * Leaves out what the method leaves out of a task vector. Tiles of a strip come in order.
     *
     * @param state what {@link #beginStrip} gave
     * @param model index in {@link #models}
     * @param delta the task vector's elements, replaced
     * @param from first element within the strip
     */
    protected void sparsify(Strip strip, Object state, int model, Tile delta, int from, int length) {
        throw new IllegalStateException("nothing is left out");
    }

    /** The next pass that {@link #sparsify} needs, or null. */
    protected Pass nextStatistics() {
        return null;
    }

    @Override
    public final Pass nextPass() {
        Pass own = nextStatistics();
        if (own != null) {
            return own;
        }
        if (measured || !rescale) {
            return null;
        }
        measured = true;
        for (int model = 0; model < models.length; model++) {
            if (sparsifies(model)) {
                return new RescalePass();
            }
        }
        return null;
    }

    /** Sums magnitudes before and after. */
    private final class RescalePass implements Pass {
        private final StripSums sums = new StripSums(task.strips(stripLength()), 2 * models.length);

        @Override
        public boolean reads(int input) {
            return input == task.base() || sparsifies(modelOf(input));
        }

        @Override
        public void strip(Strip strip) {
            Object state = beginStrip(strip);
            for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, strip.length() - from);
                Tile base = strip.input(task.base(), from, length);
                Tile delta = strip.scratch(MIXED, length);
                for (int model = 0; model < models.length; model++) {
                    if (sparsifies(model)) {
                        strip.difference(models[model], from, base, delta, length);
                        sums.add(strip.index(), 2 * model, kernels.reductions().sumOfMagnitudes(delta, length));
                        sparsify(strip, state, model, delta, from, length);
                        sums.add(strip.index(), 2 * model + 1, kernels.reductions().sumOfMagnitudes(delta, length));
                    }
                }
            }
        }

        @Override
        public void complete() {
            Kernels work = workKernels();
            for (int model = 0; model < models.length; model++) {
                double all = work.round(sums.total(2 * model));
                double kept = work.round(sums.total(2 * model + 1));
                double least = work.round(LEAST_SUM);
                ratios[model] = all < least || kept < least ? 1 : work.round(all / kept);
            }
        }
    }

    /** The kernels of the type that a sparsifier measures in. */
    protected Kernels workKernels() {
        return kernels;
    }

    /** Scales a sparsified task vector back to its former L1 norm. */
    protected void rescale(Tile delta, double ratio, int length) {
        arithmetic.scale(delta, delta, ratio, length);
    }

    @Override
    public void output(Strip strip) {
        Object state = beginStrip(strip);
        for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
            int length = Math.min(Tile.LENGTH, strip.length() - from);
            strip.emit(merged(strip, state, from, length), kernels.type(), length);
        }
    }

    @Override
    protected final Tile tile(Strip strip, int from, int length) {
        throw new IllegalStateException("output goes strip by strip");
    }

    private Tile merged(Strip strip, Object state, int from, int length) {
        Tile base = strip.input(task.base(), from, length);
        if (models.length == 0) {
            return base;
        }
        Tile[] vectors = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            vectors[model] = strip.scratch(VECTORS + model, length);
            strip.difference(models[model], from, base, vectors[model], length);
            if (sparsifies(model)) {
                sparsify(strip, state, model, vectors[model], from, length);
                if (ratios[model] != 1) {
                    rescale(vectors[model], ratios[model], length);
                }
            }
            arithmetic.scale(vectors[model], vectors[model], weights[model], length);
        }
        Tile mixed = strip.scratch(MIXED, length);
        int interleavedFrom = task.interleavedFrom(strip.first() + from, models.length);
        if (election) {
            Tile divisors = strip.scratch(DIVISOR, length);
            kernels.voting().elect(mixed, divisors, vectors, vectors, weights, models.length, interleavedFrom, length);
            if (normalize) {
                kernels.voting().oneForZero(divisors, divisors, length);
                arithmetic.divide(mixed, mixed, divisors, length);
            }
        } else {
            arithmetic.sum(mixed, vectors, models.length, interleavedFrom, length);
            if (normalize) {
                arithmetic.divideBy(mixed, mixed, divisor, length);
            }
        }
        if (lambda != 1) {
            arithmetic.scale(mixed, mixed, lambda, length);
        }
        arithmetic.add(mixed, base, mixed, length);
        return mixed;
    }
}
