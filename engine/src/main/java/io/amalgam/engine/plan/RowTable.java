package io.amalgam.engine.plan;

/**
 * How the rows of vocabulary tensors are made (mergekit.md §4.4), the same for every vocabulary tensor of a merge.
 *
 * @param tokens rows of the output vocabulary before padding
 * @param paddedRows rows with padding; the rows beyond {@code tokens} are the mean of the first {@code tokens}
 * @param ownRow {@code ownRow[input][token]}: the token's row in that input, or -1 if the input lacks it
 * @param fill {@code fill[token]}: what an input that lacks the token takes: an input's index, {@link #AVERAGE},
 *     {@link #ZERO}, or {@link #INPUT_ROW}
 * @param fillRow for {@link #INPUT_ROW}, {@code (input << 32) | row}; else unused
 * @param force {@code force[token]}: whether every input takes the fill, even one that has the token
 */
public record RowTable(int tokens, int paddedRows, int[][] ownRow, int[] fill, long[] fillRow, boolean[] force) {

    /** The mean of the rows of all inputs that have the token. */
    public static final int AVERAGE = -1;
    /** Zeros. */
    public static final int ZERO = -2;
    /** A given row of a given input. */
    public static final int INPUT_ROW = -3;
}
