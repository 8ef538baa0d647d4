package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;
import java.util.Arrays;

/**
 * Exact selection by counting: finds the keys of given ranks digit by digit, each digit by one histogram over all
 * elements, so in one pass for 16-bit types and two for F32. Every thread counts for itself; counts are whole numbers,
 * so their sum does not depend on the threads.
 *
 * <p>For 16-bit types each strip's share of the keys around the expected cut is remembered on the way: it says how many
 * elements that equal the cut lie in which strip, which otherwise takes another pass. The expectation comes from what a
 * thread has seen so far; where it missed, nothing is lost but time.
 *
 * <p>Of large tensors, once a thread has counted some strips, keys outside the windows are only counted as smaller or
 * larger, which vectors can do. What lies before a key of a window is known then as exactly as before; if the cut turns out
 * to lie in none, everything is counted again.
 */
final class MagnitudeCounts {
    /** Counts are moved to the common ones before a thread's own could overflow. */
    private static final long FLUSH = 1L << 30;
    /** Strips that a thread counts before it knows where cuts are. */
    private static final int LEARNT_FROM = 4;
    /** Tensors of fewer strips are counted as they are. */
    private static final int LEAST_TO_LEARN = 32;
    /** Lanes of the widest vectors there are. */
    private static final int MOST_LANES = 64;

    /** Where a cut is expected. */
    @FunctionalInterface
    interface Expectation {

        /**
         * Among some elements, how many come before a cut.
         *
         * @param seen how many elements
         * @param zeros how many of them are zero
         */
        double rank(int cut, long seen, long zeros);
    }

    /** What one thread has counted. */
    private static final class Own {
        /** By cut and digit; at the first digit the one of cut 0 serves all. */
        final int[][] counts;
        /** By cut, the window around the expected key, and what was counted there before the strip at hand. */
        final int[] windows;

        final int[][] before;
        /** The windows outside which keys of the strip at hand are not told apart, or null. */
        int[] narrow;
        /** For the kernel that does not tell them apart. */
        int[] scratch;

        long total;
        int strips;
        /** Whether counts were taken away since the strip began. */
        boolean flushed;

        Own(int cuts) {
            counts = new int[cuts][];
            for (int cut = 0; cut < cuts; cut++) {
                counts[cut] = Histograms.take();
            }
            windows = new int[cuts];
            before = new int[cuts][StripWindows.WIDTH];
        }
    }

    private final SelectionKernels selection;
    private final long[] ranks;
    private final Expectation expectation;
    private final Own[] own;
    /** By cut; null for types of several digits, and where nothing is expected. */
    private final StripWindows[] windows;
    /** How many strips there are. */
    private final int strips;
    /** By cut, the first key of the window outside which keys are not told apart any more; null until that is known. */
    private volatile int[] narrow;
    /** Whether a cut was missed by such a window. */
    private boolean missed;

    private final long[][] common;
    private final long[] before;
    private final long[] prefixes;
    private final long[] equal;
    private int level;

    /**
     * Selection that needs to know nothing about single strips.
     *
     * @param ranks as in the other constructor
     */
    MagnitudeCounts(SelectionKernels selection, int workers, long[] ranks) {
        this(selection, workers, 0, ranks, null);
    }

    /**
     * @param strips of the tensor
     * @param ranks how many elements come before each cut in ascending order of magnitude; less than all, or what is
     *     found means nothing
     * @param expectation of the cuts, from a part of the elements
     */
    MagnitudeCounts(SelectionKernels selection, int workers, int strips, long[] ranks, Expectation expectation) {
        this.selection = selection;
        this.ranks = ranks;
        this.expectation = expectation;
        this.strips = strips;
        own = new Own[workers];
        windows = expectation != null && selection.levels() == 1 ? new StripWindows[ranks.length] : null;
        for (int cut = 0; windows != null && cut < ranks.length; cut++) {
            windows[cut] = new StripWindows(strips);
        }
        common = new long[ranks.length][];
        for (int cut = 0; cut < ranks.length; cut++) {
            common[cut] = Histograms.takeCommon();
        }
        before = new long[ranks.length];
        prefixes = new long[ranks.length];
        equal = new long[ranks.length];
    }

    private int histograms() {
        return level == 0 ? 1 : ranks.length;
    }

    /** How many values the present digit has; the sign is no part of the first. */
    private int digits() {
        return level == 0 ? SelectionKernels.DIGITS / 2 : SelectionKernels.DIGITS;
    }

    /** Begins a strip. */
    void beginStrip(int worker) {
        if (windows != null) {
            Own counted = own(worker);
            counted.flushed = false;
            counted.narrow = narrow;
            for (int cut = 0; cut < ranks.length; cut++) {
                if (counted.narrow != null) {
                    counted.windows[cut] = counted.narrow[cut];
                }
                System.arraycopy(counted.counts[0], counted.windows[cut], counted.before[cut], 0, StripWindows.WIDTH);
            }
        }
    }

    private Own own(int worker) {
        if (own[worker] == null) {
            own[worker] = new Own(ranks.length);
        }
        return own[worker];
    }

    /** Counts elements at the present digit. */
    void count(int worker, Tile tile, int length) {
        Own counted = own(worker);
        if (counted.narrow != null) {
            countNarrowly(counted, tile, length);
        } else {
            for (int cut = 0; cut < histograms(); cut++) {
                selection.count(tile, length, level, prefixes[cut], counted.counts[cut]);
            }
        }
        counted.total += length;
        if (counted.total > FLUSH) {
            flush(counted);
        }
    }

    private void countNarrowly(Own counted, Tile tile, int length) {
        if (counted.scratch == null) {
            counted.scratch = new int[Tile.LENGTH + MOST_LANES];
        }
        int[] counts = counted.counts[0];
        int cut = 0;
        while (cut < ranks.length) {
            int first = counted.narrow[cut];
            int end = first + StripWindows.WIDTH;
            // Windows that touch are one.
            while (++cut < ranks.length && counted.narrow[cut] <= end) {
                end = counted.narrow[cut] + StripWindows.WIDTH;
            }
            selection.countWithin(tile, length, first, end, counts, counted.scratch);
            if (cut < ranks.length) {
                // All elements are counted again with the next one.
                counts[end] -= length;
            }
        }
    }

    /** Ends a strip. */
    void endStrip(int worker, int strip) {
        Own counted = own(worker);
        if (windows != null) {
            for (int cut = 0; cut < ranks.length; cut++) {
                if (counted.narrow == null && counted.strips == 0) {
                    counted.windows[cut] = expectedWindow(counted, cut);
                }
                if (!counted.flushed) {
                    windows[cut].put(strip, counted.windows[cut], counted.counts[0], counted.before[cut]);
                }
                if (counted.narrow == null && Integer.bitCount(counted.strips) == 1) {
                    counted.windows[cut] = expectedWindow(counted, cut);
                }
            }
            counted.strips++;
            if (counted.strips >= LEARNT_FROM && strips >= LEAST_TO_LEARN && !missed && narrow == null) {
                learn(counted);
            }
        }
    }

    /** Whoever is first says where the cuts are expected, so that all threads count by the same windows. */
    private void learn(Own counted) {
        int[] expected = new int[ranks.length];
        for (int cut = 0; cut < ranks.length; cut++) {
            expected[cut] = expectedWindow(counted, cut);
        }
        synchronized (common) {
            if (narrow == null) {
                narrow = expected;
            }
        }
    }

    /** The first key of a window in whose middle the cut is expected. */
    private int expectedWindow(Own counted, int cut) {
        int[] counts = counted.counts[0];
        double rank = expectation.rank(cut, counted.total, counts[0]);
        int key = 0;
        for (long sum = counts[0]; sum <= rank && key < SelectionKernels.DIGITS - 1; sum += counts[key]) {
            key++;
        }
        return Math.clamp(key - StripWindows.WIDTH / 2, 1, SelectionKernels.DIGITS / 2 - StripWindows.WIDTH - 1);
    }

    private void flush(Own counted) {
        synchronized (common) {
            for (int cut = 0; cut < histograms(); cut++) {
                addAndClear(common[cut], counted.counts[cut], digits());
            }
        }
        counted.total = 0;
        counted.flushed = true;
    }

    private static void addAndClear(long[] sums, int[] counts, int digits) {
        for (int digit = 0; digit < digits; digit++) {
            sums[digit] += counts[digit];
        }
        Arrays.fill(counts, 0, digits, 0);
    }

    /** Sets the rank of a cut, before the first digit is ended. */
    void rank(int cut, long elementsBefore) {
        ranks[cut] = elementsBefore;
    }

    /** Ends a digit. */
    void complete() {
        for (Own counted : own) {
            if (counted != null) {
                flush(counted);
            }
        }
        boolean found = true;
        for (int cut = 0; cut < ranks.length; cut++) {
            found &= find(cut);
        }
        for (int cut = 0; cut < histograms(); cut++) {
            Arrays.fill(common[cut], 0, digits(), 0);
        }
        if (!found) {
            missed = true;
            narrow = null;
            Arrays.fill(before, 0);
            Arrays.fill(prefixes, 0);
            return;
        }
        level++;
        if (found()) {
            giveBack();
        }
    }

    /** Finds the present digit of a cut; false if it lies where keys were not told apart. */
    private boolean find(int cut) {
        long[] counts = common[level == 0 ? 0 : cut];
        int digit = 0;
        long sum = before[cut];
        while (digit < digits() - 1 && sum + counts[digit] <= ranks[cut]) {
            sum += counts[digit++];
        }
        before[cut] = sum;
        prefixes[cut] = prefixes[cut] << 16 | digit;
        equal[cut] = counts[digit];
        return narrow == null || digit >= narrow[cut] && digit < narrow[cut] + StripWindows.WIDTH;
    }

    /** Everything is zero now: threads' counts since they were added up, the common ones since they were read. */
    private void giveBack() {
        for (int worker = 0; worker < own.length; worker++) {
            if (own[worker] != null) {
                for (int[] counts : own[worker].counts) {
                    Histograms.giveBack(counts);
                }
                own[worker] = null;
            }
        }
        for (int cut = 0; cut < common.length; cut++) {
            Histograms.giveBack(common[cut]);
            common[cut] = null;
        }
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

    /** How many elements of a strip have the key of the cut, or -1 if that was not noticed. */
    long equalIn(int strip, int cut) {
        return windows == null ? -1 : windows[cut].count(strip, key(cut));
    }
}
