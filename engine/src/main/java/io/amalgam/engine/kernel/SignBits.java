package io.amalgam.engine.kernel;

/**
 * The signs of a tile's elements as bits, 64 to a word, so that tiles are compared a word at a time. A zero has neither
 * sign, and neither has NaN.
 */
public final class SignBits {
    private final long[] positive;
    private final long[] negative;
    private int words;

    /** Room for the signs of so many elements. */
    public SignBits(int capacity) {
        positive = new long[words(capacity)];
        negative = new long[words(capacity)];
    }

    private static int words(int elements) {
        return (elements + Long.SIZE - 1) >>> 6;
    }

    /** Takes the signs of the first {@code length} elements. */
    public void take(Tile tile, int length) {
        words = words(length);
        for (int word = 0; word < words; word++) {
            int from = word << 6;
            int count = Math.min(Long.SIZE, length - from);
            long above = 0;
            long below = 0;
            if (tile.doubles != null) {
                for (int i = 0; i < count; i++) {
                    double value = tile.doubles[from + i];
                    above |= (value > 0 ? 1L : 0L) << i;
                    below |= (value < 0 ? 1L : 0L) << i;
                }
            } else {
                for (int i = 0; i < count; i++) {
                    float value = tile.floats[from + i];
                    above |= (value > 0 ? 1L : 0L) << i;
                    below |= (value < 0 ? 1L : 0L) << i;
                }
            }
            positive[word] = above;
            negative[word] = below;
        }
    }

    /** How many elements have a sign. */
    public int signed() {
        int count = 0;
        for (int word = 0; word < words; word++) {
            count += Long.bitCount(positive[word] | negative[word]);
        }
        return count;
    }

    /** At how many positions both have a sign. */
    public int bothSigned(SignBits other) {
        int count = 0;
        for (int word = 0; word < words; word++) {
            count += Long.bitCount(
                    (positive[word] | negative[word]) & (other.positive[word] | other.negative[word]));
        }
        return count;
    }

    /** At how many positions both have a sign, and not the same. */
    public int opposite(SignBits other) {
        int count = 0;
        for (int word = 0; word < words; word++) {
            count += Long.bitCount(
                    positive[word] & other.negative[word] | negative[word] & other.positive[word]);
        }
        return count;
    }

    /** At how many positions at least two of several have a sign. */
    public static int contested(SignBits[] all) {
        int count = 0;
        for (int word = 0; word < all[0].words; word++) {
            long one = 0;
            long two = 0;
            for (SignBits each : all) {
                long signed = each.positive[word] | each.negative[word];
                two |= one & signed;
                one |= signed;
            }
            count += Long.bitCount(two);
        }
        return count;
    }

    /** At how many positions there are both signs among several. */
    public static int conflicting(SignBits[] all) {
        int count = 0;
        for (int word = 0; word < all[0].words; word++) {
            long above = 0;
            long below = 0;
            for (SignBits each : all) {
                above |= each.positive[word];
                below |= each.negative[word];
            }
            count += Long.bitCount(above & below);
        }
        return count;
    }
}
