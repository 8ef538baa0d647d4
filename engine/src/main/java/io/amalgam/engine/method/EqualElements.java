package io.amalgam.engine.method;

/**
 * The elements that equal a cut of which only the first so many, in the order of their indices, go one way: how many of
 * them lie in the strips before each strip, so that threads can decide about any strip.
 */
final class EqualElements {
    private static final long MISSING = -1;

    /** By strip, how many it has; once settled, how many lie before it, and behind the last strip how many there are. */
    private final long[] strips;

    private EqualElements(long[] strips) {
        this.strips = strips;
    }

    /**
     * What the counting of magnitudes knows already.
     *
     * @param counts in which the cut is found
     * @return null if all elements that equal the cut go one way
     */
    static EqualElements of(MagnitudeCounts counts, int cut, int strips) {
        long before = counts.equalBefore(cut);
        if (before <= 0 || before >= counts.equal(cut)) {
            return null;
        }
        long[] known = new long[strips + 1];
        for (int strip = 0; strip < strips; strip++) {
            known[strip] = counts.equalIn(strip, cut);
        }
        return new EqualElements(known);
    }

    /** Whether a strip must be counted with {@link #add} before these are settled. */
    boolean missing(int strip) {
        return strips[strip] == MISSING;
    }

    /** Whether any strip must be counted. */
    boolean anyMissing() {
        for (int strip = 0; strip < strips.length - 1; strip++) {
            if (missing(strip)) {
                return true;
            }
        }
        return false;
    }

    /** Says how many a missing strip has. */
    void put(int strip, long count) {
        strips[strip] = count;
    }

    /** Ends the counting. */
    void settle() {
        long sum = 0;
        for (int strip = 0; strip < strips.length; strip++) {
            long own = strips[strip];
            strips[strip] = sum;
            sum += own;
        }
    }

    /**
     * Of the first {@code quota} of all, how many are still to come in a strip of which some are behind.
     *
     * @param seen how many of the strip's own are behind
     * @return {@link Long#MAX_VALUE} if all that are still to come belong to them
     */
    long left(long quota, int strip, int seen) {
        return quota >= strips[strip + 1] ? Long.MAX_VALUE : Math.max(0, quota - strips[strip] - seen);
    }
}
