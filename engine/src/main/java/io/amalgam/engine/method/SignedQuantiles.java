package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * Elements of given ranks among signed values, by counting the magnitudes of negative ones apart from those of the rest.
 * Values are counted in runs of one sign.
 */
final class SignedQuantiles {
    private final SelectionKernels selection;
    private final long[] ranks;
    private final MagnitudeCounts negative;
    private final MagnitudeCounts positive;
    private final long[] negatives;
    private long below = -1;

    /**
     * @param ranks from 0, in ascending order of value
     */
    SignedQuantiles(SelectionKernels selection, int workers, long[] ranks) {
        this.selection = selection;
        this.ranks = ranks;
        negative = new MagnitudeCounts(selection, workers, new long[ranks.length]);
        positive = new MagnitudeCounts(selection, workers, new long[ranks.length]);
        negatives = new long[workers];
    }

    /** Counts values of one sign. */
    void count(int worker, Tile values, boolean areNegative, int length) {
        (areNegative ? negative : positive).count(worker, values, length);
        negatives[worker] += areNegative ? length : 0;
    }

    /** Ends a digit, as {@link MagnitudeCounts#complete} does. */
    void complete() {
        if (below < 0) {
            below = 0;
            for (long some : negatives) {
                below += some;
            }
            for (int index = 0; index < ranks.length; index++) {
                // Among negative values the smallest is the one of largest magnitude.
                negative.rank(index, Math.max(0, below - 1 - ranks[index]));
                positive.rank(index, Math.max(0, ranks[index] - below));
            }
        }
        negative.complete();
        positive.complete();
    }

    /** Whether the values are found; otherwise all must be counted again. */
    boolean found() {
        return positive.found();
    }

    /** The value of a rank. */
    double value(int index) {
        return ranks[index] < below
                ? -selection.magnitude(negative.key(index))
                : selection.magnitude(positive.key(index));
    }
}
