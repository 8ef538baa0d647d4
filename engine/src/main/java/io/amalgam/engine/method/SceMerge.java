package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of sce: the positions of largest variance among task vectors are kept (lower indices first where
 * variances are equal), models weighted by the energy of what is kept of theirs, and minority signs erased.
 */
final class SceMerge extends PointwiseMerge {
    private enum Stage {
        VARIANCE,
        SPLIT,
        ENERGY,
        DONE
    }

    private static final double LEAST_ENERGY = 1e-6;
    private static final double LEAST_DIVISOR = 1e-6;
    private static final int MIXED = 0;
    private static final int DIVISOR = 1;
    private static final int VARIANCE = 2;
    /** The first of the slots of task vectors; those of weighted ones follow. */
    private static final int VECTORS = 3;

    private final int[] models;
    private final SelectionKernels selection;
    private final double share;
    private final double[] weights;
    private Stage stage;
    private MagnitudeCounts counts;
    /** How many positions are kept. */
    private long kept;
    /** The positions of the variance at the cut; null if all or none of them are kept. */
    private EqualElements equal;
    /** A bit for each position that is kept, found with the energies and used for the output; null where memory does not hold them. */
    private long[] marks;
    /** Whether all of {@link #marks} is there. */
    private boolean marked;

    SceMerge(TensorTask task) {
        super(task);
        models = task.nonBase();
        selection = kernels.selection();
        share = task.number("select_topk");
        weights = new double[models.length];
        kept = share > 0 ? task.elements() : 0;
        stage = models.length == 0 ? Stage.DONE : share > 0 && share < 1 ? Stage.VARIANCE : Stage.ENERGY;
    }

    @Override
    public Pass nextPass() {
        if (stage == Stage.VARIANCE) {
            return new VariancePass();
        }
        if (stage == Stage.SPLIT) {
            stage = Stage.ENERGY;
            equal = kept > 0 ? EqualElements.of(counts, 0, task.strips(stripLength())) : null;
            if (equal != null && equal.anyMissing()) {
                return new SplitPass();
            }
            if (equal != null) {
                equal.settle();
            }
        }
        if (stage == Stage.ENERGY) {
            stage = Stage.DONE;
            long words = (task.elements() + Long.SIZE - 1) / Long.SIZE;
            if (kept > 0 && counts != null && words * Long.BYTES <= task.maskBytes()) {
                marks = new long[(int) words];
            }
            return new EnergyPass();
        }
        return null;
    }

    private Tile[] vectors(Strip strip, Tile base, int from, int length) {
        Tile[] vectors = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            vectors[model] = strip.scratch(VECTORS + model, length);
            strip.difference(models[model], from, base, vectors[model], length);
        }
        return vectors;
    }

    private Tile variance(Strip strip, Tile[] vectors, int length) {
        Tile variance = strip.scratch(VARIANCE, length);
        kernels.voting().variance(variance, vectors, models.length, length);
        return variance;
    }

    /** Counts variances, and those that are not zero, of which the share is kept. */
    private final class VariancePass extends TilePass {
        private final long[] nonZero = new long[task.workers()];

        VariancePass() {
            if (counts == null) {
                counts = new MagnitudeCounts(
                        selection,
                        task.workers(),
                        task.strips(stripLength()),
                        new long[1],
                        (cut, seen, zeros) -> seen - share * (seen - zeros));
            }
        }

        @Override
        public boolean learns() {
            return true;
        }

        @Override
        public void strip(Strip strip) {
            counts.beginStrip(strip.worker());
            super.strip(strip);
            counts.endStrip(strip.worker(), strip.index());
        }

        @Override
        protected void tile(Strip strip, int from, int length) {
            Tile base = strip.input(task.base(), from, length);
            Tile variance = variance(strip, vectors(strip, base, from, length), length);
            nonZero[strip.worker()] += selection.countNonZero(variance, length);
            counts.count(strip.worker(), variance, length);
        }

        @Override
        public void complete() {
            long all = 0;
            for (long some : nonZero) {
                all += some;
            }
            kept = Sce.kept(all, share);
            if (kept == 0) {
                stage = Stage.ENERGY;
                return;
            }
            counts.rank(0, task.elements() - kept);
            counts.complete();
            stage = counts.found() ? Stage.SPLIT : Stage.VARIANCE;
        }
    }

    /** Counts the positions at the cut in strips where that is not known yet. */
    private final class SplitPass implements Pass {

        @Override
        public boolean wants(int strip) {
            return equal.missing(strip);
        }

        @Override
        public void strip(Strip strip) {
            long found = 0;
            for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, strip.length() - from);
                Tile base = strip.input(task.base(), from, length);
                Tile variance = variance(strip, vectors(strip, base, from, length), length);
                found += selection.countEqual(variance, length, counts.key(0));
            }
            equal.put(strip.index(), found);
        }

        @Override
        public void complete() {
            equal.settle();
        }
    }

    /** Task vectors of which only the kept positions are not zero. */
    private Tile[] keptVectors(Strip strip, Tile base, int from, int length, int[] seen) {
        Tile[] vectors = vectors(strip, base, from, length);
        if (kept == 0) {
            for (Tile vector : vectors) {
                arithmetic.fill(vector, 0, length);
            }
        } else if (marked) {
            for (Tile vector : vectors) {
                selection.keepMarked(vector, length, marks, strip.first() + from);
            }
        } else if (counts != null) {
            Tile variance = variance(strip, vectors, length);
            long quota = counts.equal(0) - counts.equalBefore(0);
            if (equal != null) {
                quota = equal.left(quota, strip.index(), seen[0]);
            } else if (quota > 0) {
                quota = Long.MAX_VALUE;
            }
            seen[0] += selection.keepLargest(variance, length, counts.key(0), quota);
            kernels.voting().keepWhere(vectors, models.length, variance, length);
            if (marks != null) {
                selection.markNonZero(variance, length, marks, strip.first() + from);
            }
        }
        return vectors;
    }

    private final class EnergyPass implements Pass {
        private final StripSums sums = new StripSums(task.strips(stripLength()), models.length);

        @Override
        public void strip(Strip strip) {
            int[] seen = new int[1];
            for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, strip.length() - from);
                Tile base = strip.input(task.base(), from, length);
                Tile[] vectors = keptVectors(strip, base, from, length, seen);
                for (int model = 0; model < models.length; model++) {
                    sums.add(
                            strip.index(),
                            model,
                            kernels.reductions().dotRounded(vectors[model], vectors[model], length));
                }
            }
        }

        @Override
        public void complete() {
            marked = marks != null;
            double total = 0;
            for (int model = 0; model < models.length; model++) {
                weights[model] = kernels.round(sums.total(model) / task.elements());
                total = kernels.factor(total + weights[model]);
            }
            total = kernels.round(total);
            boolean tooSmall = Math.abs(total) < kernels.round(LEAST_ENERGY);
            for (int model = 0; model < models.length; model++) {
                weights[model] = kernels.round(tooSmall ? 1.0 / models.length : weights[model] / total);
            }
        }
    }

    @Override
    public void output(Strip strip) {
        int[] seen = new int[1];
        for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
            int length = Math.min(Tile.LENGTH, strip.length() - from);
            strip.emit(merged(strip, from, length, seen), kernels.type(), length);
        }
    }

    @Override
    protected Tile tile(Strip strip, int from, int length) {
        throw new IllegalStateException("output goes strip by strip");
    }

    private Tile merged(Strip strip, int from, int length, int[] seen) {
        Tile base = strip.input(task.base(), from, length);
        if (models.length == 0) {
            return base;
        }
        Tile[] vectors = keptVectors(strip, base, from, length, seen);
        Tile[] weighted = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            weighted[model] = strip.scratch(VECTORS + models.length + model, length);
            arithmetic.scale(weighted[model], vectors[model], weights[model], length);
        }
        Tile mixed = strip.scratch(MIXED, length);
        Tile divisor = strip.scratch(DIVISOR, length);
        int interleavedFrom = task.interleavedFrom(strip.first() + from, models.length);
        kernels.voting().elect(mixed, divisor, vectors, weighted, weights, models.length, interleavedFrom, length);
        kernels.voting().atLeast(divisor, divisor, kernels.round(LEAST_DIVISOR), length);
        arithmetic.divide(mixed, mixed, divisor, length);
        arithmetic.add(mixed, base, mixed, length);
        return mixed;
    }
}
