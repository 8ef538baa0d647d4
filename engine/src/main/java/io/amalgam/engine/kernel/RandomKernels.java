package io.amalgam.engine.kernel;

/** The inner loops of random masks. */
public interface RandomKernels {

    /** Continues MT19937's recurrence: {@code buffer[624+i]} from what lies before it, for {@code count} elements. */
    void generate(int[] buffer, int count);

    /**
     * The sum over GF(2) of states that lie in one stream: {@code sum[i]} becomes the exclusive or of
     * {@code stream[place + i]} over all places, for each of the 624 words of a state.
     */
    void addStates(int[] stream, int[] places, int[] sum);

    /**
     * Marks the draws whose lower 24 bits are below a threshold: Bernoulli variables as torch makes them.
     *
     * @param raw untempered draws
     * @param from index of the first
     * @param threshold 2^24 times the probability, rounded up
     * @param bits of which {@code length} are set or cleared, from bit 0 of {@code bits[firstWord]}; the rest of the last
     *     word is cleared
     */
    void mark(int[] raw, int from, int length, int threshold, long[] bits, int firstWord);

    /** The same with a threshold for each draw, from index 0 of {@code thresholds}. */
    void mark(int[] raw, int from, int length, int[] thresholds, long[] bits, int firstWord);
}
