package io.amalgam.engine.method;

import java.util.Arrays;

/**
 * Ranks of magnitudes by counting: short keys that lie close together at once, others digit by digit from the lowest as a
 * radix sort. Equal keys rank in the order of their indices. One instance serves one thread.
 */
final class MagnitudeRanks {
    private static final int DIGIT_BITS = 11;
    /** Bits of keys that are counted at once. */
    private static final int SHORT_KEY_BITS = 15;
    /** Keys are counted at once while they lie no further apart than so many times their number. */
    private static final int LARGEST_SPREAD = 8;

    private final int keyBits;
    private final int[] counts = new int[1 << DIGIT_BITS];
    /** By key from the least that is not zero, behind the zeros: how many, then how many come before. Zeros between uses. */
    private final int[] places;

    private int[] order = new int[0];
    private int[] other = new int[0];

    /**
     * @param keyBits how many bits keys have
     */
    MagnitudeRanks(int keyBits) {
        this.keyBits = keyBits;
        places = new int[keyBits <= SHORT_KEY_BITS ? (1 << keyBits) + 1 : 0];
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
        if (keyBits > SHORT_KEY_BITS || !atOnce(keys, first, stride, length, ofRank, target)) {
            byDigits(keys, first, stride, length, ofRank, target);
        }
    }

    /** Returns false, and does nothing, if the keys lie too far apart. */
    private boolean atOnce(int[] keys, int first, int stride, int length, int[] ofRank, int[] target) {
        int[] own = contiguous(keys, first, stride, length);
        int least = Integer.MAX_VALUE;
        int most = 0;
        for (int i = 0; i < length; i++) {
            most = Math.max(most, own[i]);
            least = Math.min(least, own[i] - 1 & Integer.MAX_VALUE);
        }
        // Place 0 is that of zeros, which may lie far below all others.
        int zero = Math.min(least, most);
        if (most - zero > LARGEST_SPREAD * (long) length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            own[i] = Math.max(own[i], zero) - zero;
        }
        for (int i = 0; i < length; i++) {
            places[own[i]]++;
        }
        int sum = 0;
        for (int place = 0; place <= most - zero; place++) {
            int count = places[place];
            places[place] = sum;
            sum += count;
        }
        for (int i = 0; i < length; i++) {
            own[i] = ofRank[places[own[i]]++];
        }
        for (int i = 0; i < length; i++) {
            target[first + i * stride] = own[i];
        }
        Arrays.fill(places, 0, most - zero + 1, 0);
        return true;
    }

    /** Keys side by side, so that the compiler makes vector loops of what is done to them. */
    private int[] contiguous(int[] keys, int first, int stride, int length) {
        if (other.length < length) {
            other = new int[length];
        }
        if (stride == 1) {
            System.arraycopy(keys, first, other, 0, length);
        } else {
            for (int i = 0; i < length; i++) {
                other[i] = keys[first + i * stride];
            }
        }
        return other;
    }

    private void byDigits(int[] keys, int first, int stride, int length, int[] ofRank, int[] target) {
        if (order.length < length) {
            order = new int[length];
        }
        if (other.length < length) {
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
