package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;
import java.util.Arrays;

/**
 * Exact selection by counting: finds the keys of given ranks digit by digit, each digit by one histogram over all
 * elements, so in one pass for 16-bit types and two for F32. Every thread counts for itself; counts are whole numbers,
 * so their sum does not depend on the threads.
 */
final class MagnitudeCounts {
    /** Counts are moved to the common ones before a thread's own could overflow. */
    private static final long FLUSH = 1L << 30;

    private final SelectionKernels selection;
    private final long[] ranks;
    /** By thread, cut and digit; at the first digit the one of cut 0 serves all. */
    private final int[][][] own;

    private final long[] ownTotals;
    private final long[][] common;
    private final long[] before;
    private final long[] prefixes;
    private final long[] equal;
    private int level;

    /**
     * @param ranks how many elements come before each cut in ascending order of magnitude; less than all, or what is
     *     found means nothing
     */
    MagnitudeCounts(SelectionKernels selection, int workers, long[] ranks) {
        this.selection = selection;
        this.ranks = ranks;
        own = new int[workers][][];
        ownTotals = new long[workers];
        common = new long[ranks.length][SelectionKernels.DIGITS];
        before = new long[ranks.length];
        prefixes = new long[ranks.length];
        equal = new long[ranks.length];
    }

    private int histograms() {
        return level == 0 ? 1 : ranks.length;
    }

    /** Counts elements at the present digit. */
    void count(int worker, Tile tile, int length) {
        if (own[worker] == null) {
            own[worker] = new int[ranks.length][SelectionKernels.DIGITS];
        }
        for (int cut = 0; cut < histograms(); cut++) {
            selection.count(tile, length, level, prefixes[cut], own[worker][cut]);
        }
        ownTotals[worker] += length;
        if (ownTotals[worker] > FLUSH) {
            flush(worker);
        }
    }

    private void flush(int worker) {
        synchronized (common) {
            for (int cut = 0; cut < histograms(); cut++) {
                int[] counts = own[worker][cut];
                for (int digit = 0; digit < counts.length; digit++) {
                    common[cut][digit] += counts[digit];
                }
                Arrays.fill(counts, 0);
            }
        }
        ownTotals[worker] = 0;
    }

    /** Sets the rank of a cut, before the first digit is ended. */
    void rank(int cut, long elementsBefore) {
        ranks[cut] = elementsBefore;
    }

    /** Ends a digit. */
    void complete() {
        for (int worker = 0; worker < own.length; worker++) {
            if (own[worker] != null) {
                flush(worker);
            }
        }
        for (int cut = 0; cut < ranks.length; cut++) {
            long[] counts = common[level == 0 ? 0 : cut];
            int digit = 0;
            while (digit < counts.length - 1 && before[cut] + counts[digit] <= ranks[cut]) {
                before[cut] += counts[digit++];
            }
            prefixes[cut] = prefixes[cut] << 16 | digit;
            equal[cut] = counts[digit];
        }
        for (long[] counts : common) {
            Arrays.fill(counts, 0);
        }
        level++;
    }

    /** Whether the cuts are found; otherwise all elements must be counted again. */
    boolean found() {
        return level == selection.levels();
    }

    /** How many cuts there are. */
    int cuts() {
        return ranks.length;
    }

    /** The key of the element at the cut. */
    long key(int cut) {
        return prefixes[cut];
    }

    /** How many elements have the key of the cut. */
    long equal(int cut) {
        return equal[cut];
    }

    /** How many of the elements that have the key of the cut come before it in ascending order. */
    long equalBefore(int cut) {
        return ranks[cut] - before[cut];
    }
}
