package io.amalgam.engine.method;

import java.util.Arrays;

/** By strip, how many elements have each of a few neighbouring keys. */
final class StripWindows {
    /**
     * Keys of a window, for bfloat16 half an octave: many times as wide as a cut that is estimated from a few strips is
     * uncertain, and as strips of one tensor differ.
     */
    static final int WIDTH = 64;

    private final int[] firstKeys;
    private final int[] counts;

    StripWindows(int strips) {
        firstKeys = new int[strips];
        Arrays.fill(firstKeys, Integer.MIN_VALUE);
        counts = new int[strips * WIDTH];
    }

    /**
     * Remembers a strip.
     *
     * @param firstKey of its window
     * @param after counts of all keys with the strip
     * @param before counts of the window's keys without it
     */
    void put(int strip, int firstKey, int[] after, int[] before) {
        firstKeys[strip] = firstKey;
        for (int i = 0; i < WIDTH; i++) {
            counts[strip * WIDTH + i] = after[firstKey + i] - before[i];
        }
    }

    /** How many elements of a strip have a key, or -1 if its window does not hold it. */
    long count(int strip, long key) {
        long place = key - firstKeys[strip];
        return place < 0 || place >= WIDTH ? -1 : counts[strip * WIDTH + (int) place];
    }
}
