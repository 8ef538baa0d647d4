package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * Task vectors of which elements are kept by the rank of their magnitude in the whole tensor (ties, breadcrumbs). Ranks
 * are those of a stable sort: of equal magnitudes the one of lower index comes first.
 *
 * <p>One pass counts magnitudes (two for F32). Where only some of the elements that equal a cut are kept, one more pass
 * counts them in the strips where the first did not notice them ({@link MagnitudeCounts}).
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
        /** By cut: the elements that equal it; null where all of them go one way. */
        final EqualElements[] equal = new EqualElements[2];
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
                        ranks == null ? null : counts(ranks);
            }
        }
    }

    private MagnitudeCounts counts(long[] ranks) {
        return new MagnitudeCounts(
                kernel,
                task.workers(),
                task.strips(stripLength()),
                ranks,
                (cut, seen, zeros) -> (double) ranks[cut] / task.elements() * seen);
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
            if (pass.needed()) {
                return pass;
            }
            pass.complete();
        }
        return null;
    }

    private static boolean counting(Selection selection) {
        return selection != null && !selection.nothing && !selection.counts.found();
    }

    /** Counts magnitudes of the models whose cuts are not found yet. */
    private final class CountPass extends TilePass {

        @Override
        public boolean learns() {
            return true;
        }

        @Override
        public void strip(Strip strip) {
            for (Selection selection : selections) {
                if (counting(selection)) {
                    selection.counts.beginStrip(strip.worker());
                }
            }
            super.strip(strip);
            for (Selection selection : selections) {
                if (counting(selection)) {
                    selection.counts.endStrip(strip.worker(), strip.index());
                }
            }
        }

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
                    strip.difference(models[model], from, base, delta, length);
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

    /** Counts the elements that equal a cut of which some but not all are kept, in strips where that is not known yet. */
    private final class SplitPass implements Pass {

        SplitPass() {
            for (Selection selection : selections) {
                for (int cut = 0; selection != null && !selection.nothing && cut < selection.counts.cuts(); cut++) {
                    selection.equal[cut] = EqualElements.of(selection.counts, cut, task.strips(stripLength()));
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

        private boolean missing(int model, int cut, int strip) {
            return selections[model] != null
                    && selections[model].equal[cut] != null
                    && selections[model].equal[cut].missing(strip);
        }

        @Override
        public boolean reads(int input) {
            if (input == task.base()) {
                return true;
            }
            Selection selection = selections[modelOf(input)];
            return selection != null
                    && (selection.equal[0] != null && selection.equal[0].anyMissing()
                            || selection.equal[1] != null && selection.equal[1].anyMissing());
        }

        @Override
        public boolean wants(int strip) {
            for (int model = 0; model < models.length; model++) {
                if (missing(model, 0, strip) || missing(model, 1, strip)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void strip(Strip strip) {
            long[][] found = new long[models.length][2];
            for (int from = 0; from < strip.length(); from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, strip.length() - from);
                Tile base = strip.input(task.base(), from, length);
                Tile delta = strip.scratch(0, length);
                for (int model = 0; model < models.length; model++) {
                    if (missing(model, 0, strip.index()) || missing(model, 1, strip.index())) {
                        strip.difference(models[model], from, base, delta, length);
                        for (int cut = 0; cut < selections[model].counts.cuts(); cut++) {
                            found[model][cut] += kernel.countEqual(delta, length, selections[model].counts.key(cut));
                        }
                    }
                }
            }
            for (int model = 0; model < models.length; model++) {
                for (int cut = 0; cut < 2; cut++) {
                    if (missing(model, cut, strip.index())) {
                        selections[model].equal[cut].put(strip.index(), found[model][cut]);
                    }
                }
            }
        }

        @Override
        public void complete() {
            for (Selection selection : selections) {
                for (int cut = 0; selection != null && cut < 2; cut++) {
                    if (selection.equal[cut] != null) {
                        selection.equal[cut].settle();
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
        EqualElements equal = selection.equal[cut];
        if (equal == null) {
            return quota == 0 ? 0 : Long.MAX_VALUE;
        }
        return equal.left(quota, strip.index(), seen[cut]);
    }
}
