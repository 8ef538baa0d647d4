package io.amalgam.engine.method;

import java.util.Arrays;

/**
 * Ranks of magnitudes by counting: digit by digit from the lowest, as a radix sort, the last digit without moving
 * anything. Equal keys rank in the order of their indices. One instance serves one thread.
 */
final class MagnitudeRanks {
    private static final int DIGIT_BITS = 11;

    private final int keyBits;
    private final int[] counts = new int[1 << DIGIT_BITS];
    private int[] order = new int[0];
    private int[] other = new int[0];

    /**
     * @param keyBits how many bits keys have
     */
    MagnitudeRanks(int keyBits) {
        this.keyBits = keyBits;
    }

    /**
     * Ranks some keys, and looks up what belongs to each rank.
     *
     * @param keys of which every {@code stride}-th from {@code first} on is ranked
     * @param length how many
     * @param ofRank by rank from 0, what to write
     * @param target written at the places that the keys have in {@code keys}
     */
    void thresholds(int[] keys, int first, int stride, int length, int[] ofRank, int[] target) {
        if (order.length < length) {
            order = new int[length];
            other = new int[length];
        }
        for (int i = 0; i < length; i++) {
            order[i] = first + i * stride;
        }
        for (int shift = 0; shift < keyBits; shift += DIGIT_BITS) {
            Arrays.fill(counts, 0);
            for (int i = 0; i < length; i++) {
                counts[digit(keys[order[i]], shift)]++;
            }
            int sum = 0;
            for (int digit = 0; digit < counts.length; digit++) {
                int count = counts[digit];
                counts[digit] = sum;
                sum += count;
            }
            for (int i = 0; i < length; i++) {
                other[counts[digit(keys[order[i]], shift)]++] = order[i];
            }
            int[] swap = order;
            order = other;
            other = swap;
        }
        for (int rank = 0; rank < length; rank++) {
            target[order[rank]] = ofRank[rank];
        }
    }

    private static int digit(int key, int shift) {
        return key >>> shift & (1 << DIGIT_BITS) - 1;
    }
}
