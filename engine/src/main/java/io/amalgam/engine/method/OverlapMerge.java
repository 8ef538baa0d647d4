package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of ram and ramplus_tl: changes that several models share are averaged, unique ones kept whole or, in
 * ramplus_tl, amplified. Its factors are binary32 vectors, so that its sums and results are binary32 too.
 */
final class OverlapMerge extends PointwiseMerge {
    private static final int RESULT = 0;
    /** The first of the slots of task vectors. */
    private static final int VECTORS = 1;

    private final int[] models;
    private final boolean amplified;
    private final double epsilon;
    private final Kernels result;
    /** What unique changes of each model are multiplied with; null until known, and for ram. */
    private double[] factors;

    OverlapMerge(TensorTask task, boolean amplified) {
        super(task);
        this.amplified = amplified;
        models = task.nonBase();
        epsilon = kernels.round(task.number("epsilon"));
        result = amplified && kernels.type() != DType.F64 ? Kernels.of(DType.F32) : kernels;
    }

    @Override
    protected DType resultType() {
        return result.type();
    }

    private Tile[] changes(Strip strip, Tile base, int from, int length) {
        Tile[] changes = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            changes[model] = strip.scratch(VECTORS + model, length);
            strip.difference(models[model], from, base, changes[model], length);
        }
        return changes;
    }

    @Override
    public Pass nextPass() {
        if (!amplified || factors != null) {
            return null;
        }
        factors = new double[models.length];
        long[][] unique = new long[task.workers()][models.length];
        long[][] shared = new long[task.workers()][models.length];
        return new TilePass() {
            @Override
            protected void tile(Strip strip, int from, int length) {
                Tile base = strip.input(task.base(), from, length);
                kernels.voting()
                        .countOverlap(
                                changes(strip, base, from, length),
                                models.length,
                                epsilon,
                                unique[strip.worker()],
                                shared[strip.worker()],
                                length);
            }

            @Override
            public void complete() {
                for (int model = 0; model < models.length; model++) {
                    long own = 0;
                    long common = 0;
                    for (int worker = 0; worker < unique.length; worker++) {
                        own += unique[worker][model];
                        common += shared[worker][model];
                    }
                    factors[model] = factor(own, common);
                }
            }
        };
    }

    /** {@code 1 + r × clamp(shared ÷ max(unique, epsilon), 0, alpha)}, each step rounded. */
    private double factor(long own, long common) {
        double ratio = result.round(
                result.round(common) / Math.max(result.round(own), result.round(task.number("epsilon"))));
        double overlap = Math.clamp(ratio, 0, result.round(task.number("alpha")));
        return result.round(1 + result.round(result.round(task.number("r")) * overlap));
    }

    @Override
    protected Tile tile(Strip strip, int from, int length) {
        Tile base = strip.input(task.base(), from, length);
        Tile[] changes = changes(strip, base, from, length);
        Tile sum = strip.scratch(RESULT, length);
        int interleavedFrom = task.interleavedFrom(strip.first() + from, models.length);
        kernels.voting()
                .overlap(sum, changes, models.length, epsilon, factors, amplified, interleavedFrom, length);
        result.arithmetic().add(sum, base, sum, length);
        return sum;
    }
}
