package io.amalgam.evaluation.inference;

import java.util.Arrays;

/**
 * Consecutive positions of a sequence in a block of keys and values. A sequence is a chain of segments, and sequences
 * with a common beginning have segments in common.
 *
 * @param block where they are
 * @param row first row in the block
 * @param position of the first row in the sequence
 * @param length number of rows
 */
record KeyValueSegment(KeyValueBlock block, int row, int position, int length) {

    /** No positions. */
    static final KeyValueSegment[] EMPTY = new KeyValueSegment[0];

    /** Position behind the last. */
    int end() {
        return position + length;
    }

    /** A chain with one more segment, joined to the last where it continues it in the same block. */
    static KeyValueSegment[] append(KeyValueSegment[] chain, KeyValueSegment next) {
        if (chain.length > 0) {
            KeyValueSegment last = chain[chain.length - 1];
            if (last.block == next.block && last.row + last.length == next.row) {
                KeyValueSegment[] joined = chain.clone();
                joined[chain.length - 1] = new KeyValueSegment(last.block, last.row, last.position, last.length + next.length);
                return joined;
            }
        }
        KeyValueSegment[] longer = Arrays.copyOf(chain, chain.length + 1);
        longer[chain.length] = next;
        return longer;
    }
}
