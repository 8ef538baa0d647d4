package io.amalgam.evaluation.inference;

/**
 * Consecutive tokens of one sequence in a pass.
 *
 * @param tokens the token ids they are taken from
 * @param from index of the first in {@code tokens}, and its position in the sequence
 * @param count how many
 * @param chain keys and values of the sequence up to and including these tokens, whose rows are the last ones; where only
 *     part of a span's rows go through attention, maybe more
 */
record Span(int[] tokens, int from, int count, KeyValueSegment[] chain) {

    /** Block in which the keys and values of these tokens are stored. */
    KeyValueBlock block() {
        return chain[chain.length - 1].block();
    }

    /** First row in that block. */
    int blockRow() {
        KeyValueSegment last = chain[chain.length - 1];
        return last.row() + last.length() - count;
    }
}
