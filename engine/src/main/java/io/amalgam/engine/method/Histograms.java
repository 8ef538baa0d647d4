package io.amalgam.engine.method;

import io.amalgam.engine.kernel.SelectionKernels;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Histograms of a digit, used over and over: each tensor needs some megabytes of them, and memory that was never touched
 * before is dear. All that lie here are zero everywhere.
 */
final class Histograms {
    private static final ConcurrentLinkedQueue<int[]> OF_THREADS = new ConcurrentLinkedQueue<>();
    private static final ConcurrentLinkedQueue<long[]> COMMON = new ConcurrentLinkedQueue<>();

    private Histograms() {
    }

    /** A histogram of zeros for one thread. */
    static int[] take() {
        int[] counts = OF_THREADS.poll();
        return counts != null ? counts : new int[SelectionKernels.DIGITS];
    }

    /** A histogram of zeros for the sums of all threads. */
    static long[] takeCommon() {
        long[] counts = COMMON.poll();
        return counts != null ? counts : new long[SelectionKernels.DIGITS];
    }

    /** Gives one back, which must be zero everywhere, and which the caller does not use any more. */
    static void giveBack(int[] zeros) {
        OF_THREADS.add(zeros);
    }

    /** Gives one back, which must be zero everywhere, and which the caller does not use any more. */
    static void giveBack(long[] zeros) {
        COMMON.add(zeros);
    }
}
