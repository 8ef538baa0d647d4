package io.amalgam.engine.kernel;

/** Operations across the models at each position: sign election, variance, overlap. */
public interface VotingKernels {

    /**
     * Sign election. The majority is positive if the rounded sum of the voters is at least zero, else negative; a value
     * counts if its voter's sign, which is neither for zero, is the majority's.
     *
     * @param mixed becomes the rounded sum of the values that count
     * @param divisor becomes the rounded sum of their weights
     * @param voters whose signs vote, one tile a model
     * @param values one tile a model; may be the voters
     * @param weights one for each model, of the arithmetic's type
     * @param interleavedFrom as in {@link ArithmeticKernels#sum}
     */
    void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length);

    /** {@code to = a}, but one where it is zero. */
    void oneForZero(Tile to, Tile a, int length);

    /** {@code to = max(a, minimum)}; NaN stays. */
    void atLeast(Tile to, Tile a, double minimum, int length);

    /** Sets elements of all tiles to zero where {@code condition} is zero. */
    void keepWhere(Tile[] tiles, int count, Tile condition, int length);

    /** The population variance over {@code count} tiles at each position, computed in binary64 and rounded. */
    void variance(Tile to, Tile[] tiles, int count, int length);

    /**
     * Overlap of active changes: a change is active if its magnitude exceeds {@code epsilon}; {@code to} becomes the sum
     * over models of active changes, each divided (and rounded) by the number of models active there if that is above
     * one, else multiplied by the model's factor; terms and sum are rounded to the arithmetic's type unless
     * {@code single}.
     *
     * @param factors for unique changes, or null for none
     * @param single whether products with factors and the sum stay in binary32
     */
    void overlap(
            Tile to, Tile[] changes, int count, double epsilon, double[] factors, boolean single, int interleavedFrom, int length);

    /**
     * Counts for each model the active positions that are its own ({@code unique}) and that others share
     * ({@code shared}); both are added to.
     */
    void countOverlap(Tile[] changes, int count, double epsilon, long[] unique, long[] shared, int length);
}
