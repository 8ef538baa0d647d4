package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * Task vectors of which elements are kept by the rank of their magnitude in the whole tensor (ties, breadcrumbs). Ranks
 * are those of a stable sort: of equal magnitudes the one of lower index comes first.
 *
 * <p>One pass counts magnitudes (two for F32). Where only some of the elements that equal a cut are kept, one more pass
 * counts them strip by strip.
 */
abstract class SelectionMerge extends TaskVectorMerge {
    private enum Stage {
        COUNT,
        SPLIT,
        DONE
    }

    /** What is kept of one model's task vector. */
    private static final class Selection {
        /** Whether everything is dropped. */
        boolean nothing;
        MagnitudeCounts counts;
        /** By cut: how many elements equal to it lie in strips before each strip; null where all of them go one way. */
        final long[][] equalBeforeStrip = new long[2][];
    }

    private final SelectionKernels kernel;
    private final boolean largest;
    /** By model; null where everything is kept. */
    private final Selection[] selections;

    private Stage stage = Stage.COUNT;

    /**
     * @param largest whether the largest are kept, lower indices first; else those between two ascending ranks
     */
    SelectionMerge(TensorTask task, boolean election, boolean largest) {
        super(task, election);
        this.largest = largest;
        kernel = kernels.selection();
        selections = new Selection[models.length];
        for (int model = 0; model < models.length; model++) {
            double density = task.number(models[model], "density");
            if (density < 1) {
                selections[model] = new Selection();
                long[] ranks = ranks(density, model);
                selections[model].nothing = ranks == null;
                selections[model].counts =
                        ranks == null ? null : new MagnitudeCounts(kernel, task.workers(), ranks);
            }
        }
    }

    /**
     * The cuts of a model's selection.
     *
     * @param density below 1
     * @return ranks in ascending order of magnitude, each below the number of elements: for the largest, the first that
     *     is kept; else the first that is kept and, unless that is the end, the first that is not kept again; null if
     *     nothing is kept
     */
    protected abstract long[] ranks(double density, int model);

    @Override
    protected boolean sparsifies(int model) {
        return selections[model] != null;
    }

    @Override
    protected Pass nextStatistics() {
        if (stage == Stage.COUNT) {
            for (Selection selection : selections) {
                if (counting(selection)) {
                    return new CountPass();
                }
            }
            stage = Stage.SPLIT;
        }
        if (stage == Stage.SPLIT) {
            stage = Stage.DONE;
            SplitPass pass = new SplitPass();
            return pass.needed() ? pass : null;
        }
        return null;
    }

    private static boolean counting(Selection selection) {
        return selection != null && !selection.nothing && !selection.counts.found();
    }

    /** Counts magnitudes of the models whose cuts are not found yet. */
    private final class CountPass extends TilePass {

        @Override
        public boolean reads(int input) {
            return input == task.base() || counting(selections[modelOf(input)]);
        }

        @Override
        protected void tile(Strip strip, int from, int length) {
            Tile base = strip.input(task.base(), from, length);
            Tile delta = strip.scratch(0, length);
            for (int model = 0; model < models.length; model++) {
                if (counting(selections[model])) {
                    arithmetic.subtract(delta, strip.input(models[model], from, length), base, length);
                    selections[model].counts.count(strip.worker(), delta, length);
                }
            }
        }

        @Override
        public void complete() {
            for (Selection selection : selections) {
                if (counting(selection)) {
                    selection.counts.complete();
                }
            }
        }
    }

    /** Counts, strip by strip, the elements that equal a cut of which some but not all are kept. */
    private final class SplitPass extends TilePass {
        private final long[][][] equal = new long[models.length][2][];

        SplitPass() {
            for (int model = 0; model < models.length; model++) {
                Selection selection = selections[model];
                for (int cut = 0; selection != null && !selection.nothing && cut < selection.counts.cuts(); cut++) {
                    long before = selection.counts.equalBefore(cut);
                    if (before > 0 && before < selection.counts.equal(cut)) {
                        equal[model][cut] = new long[task.strips(stripLength())];
                    }
                }
            }
        }

        boolean needed() {
            for (int model = 0; model < models.length; model++) {
                if (reads(models[model])) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public boolean reads(int input) {
            if (input == task.base()) {
                return true;
            }
            long[][] ofModel = equal[modelOf(input)];
            return ofModel[0] != null || ofModel[1] != null;
        }

        @Override
        protected void tile(Strip strip, int from, int length) {
            Tile base = strip.input(task.base(), from, length);
            Tile delta = strip.scratch(0, length);
            for (int model = 0; model < models.length; model++) {
                if (reads(models[model])) {
                    arithmetic.subtract(delta, strip.input(models[model], from, length), base, length);
                    for (int cut = 0; cut < 2; cut++) {
                        if (equal[model][cut] != null) {
                            equal[model][cut][strip.index()] +=
                                    kernel.countEqual(delta, length, selections[model].counts.key(cut));
                        }
                    }
                }
            }
        }

        @Override
        public void complete() {
            for (int model = 0; model < models.length; model++) {
                for (int cut = 0; cut < 2; cut++) {
                    if (equal[model][cut] != null) {
                        long sum = 0;
                        for (int strip = 0; strip < equal[model][cut].length; strip++) {
                            long own = equal[model][cut][strip];
                            equal[model][cut][strip] = sum;
                            sum += own;
                        }
                        selections[model].equalBeforeStrip[cut] = equal[model][cut];
                    }
                }
            }
        }
    }

    @Override
    protected Object beginStrip(Strip strip) {
        return new int[models.length][2];
    }

    @Override
    protected void sparsify(Strip strip, Object state, int model, Tile delta, int from, int length) {
        Selection selection = selections[model];
        if (selection.nothing) {
            arithmetic.fill(delta, 0, length);
            return;
        }
        MagnitudeCounts counts = selection.counts;
        int[] seen = ((int[][]) state)[model];
        if (largest) {
            long kept = counts.equal(0) - counts.equalBefore(0);
            seen[0] += kernel.keepLargest(delta, length, counts.key(0), left(selection, 0, kept, strip, seen));
        } else {
            boolean open = counts.cuts() == 1;
            int[] equal = new int[2];
            kernel.keepBetween(
                    delta,
                    length,
                    counts.key(0),
                    left(selection, 0, counts.equalBefore(0), strip, seen),
                    open ? Long.MAX_VALUE : counts.key(1),
                    open ? 0 : left(selection, 1, counts.equalBefore(1), strip, seen),
                    equal);
            seen[0] += equal[0];
            seen[1] += equal[1];
        }
    }

    /** Of the first {@code quota} elements that equal a cut, how many are still to come. */
    private static long left(Selection selection, int cut, long quota, Strip strip, int[] seen) {
        long[] beforeStrip = selection.equalBeforeStrip[cut];
        if (beforeStrip == null) {
            return quota == 0 ? 0 : Long.MAX_VALUE;
        }
        return Math.max(0, quota - beforeStrip[strip.index()] - seen[cut]);
    }
}
