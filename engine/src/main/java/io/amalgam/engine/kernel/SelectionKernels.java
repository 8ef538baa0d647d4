package io.amalgam.engine.kernel;

/**
 * Selection by magnitude. The <em>key</em> of an element is its bits in the arithmetic's type without the sign, as a
 * whole number: keys order as magnitudes do, NaN above infinity. Keys have 15 bits for 16-bit types, 31 for F32, 63 for
 * F64; they are counted by digits of 16 bits, the highest first.
 */
public interface SelectionKernels {
    /** Values of a digit. */
    int DIGITS = 1 << 16;

    /** How many digits a key has: 1, 2 or 4. */
    int levels();

    /** Counts the given digit of the keys whose higher digits are {@code prefix}. */
    void count(Tile a, int length, int level, long prefix, int[] counts);

    /**
     * Counts first digits as {@link #count} does, but all below {@code first} as {@code first - 1} and all from {@code end} on
     * as {@code end}; the fewer lie between, the quicker.
     *
     * @param first at least 1
     * @param scratch room for {@code length} digits and a vector more
     */
    void countWithin(Tile a, int length, int first, int end, int[] counts, int[] scratch);

    /** How many keys equal {@code key}. */
    int countEqual(Tile a, int length, long key);

    /**
     * Sets to zero what is smaller than {@code key}, and of what equals it all but the first {@code keepEqual}.
     *
     * @return how many keys equal {@code key}
     */
    int keepLargest(Tile a, int length, long key, long keepEqual);

    /**
     * Sets to zero what is smaller than {@code low} and what is larger than {@code high}; of what equals {@code low} the
     * first {@code dropLow}; of what equals {@code high} all but the first {@code keepHigh}.
     *
     * @param seen how many keys equalled low and high, is added to
     */
    void keepBetween(Tile a, int length, long low, long dropLow, long high, long keepHigh, int[] seen);

    /** Sets bits in {@code bits}, from {@code firstBit}, a multiple of 64: one where an element is not zero. */
    void markNonZero(Tile a, int length, long[] bits, long firstBit);

    /** Sets to zero the elements whose bit in {@code bits}, from {@code firstBit}, a multiple of 64, is not set. */
    void keepMarked(Tile a, int length, long[] bits, long firstBit);

    /** How many bits {@link #keys} writes of a key: 15 or 31. */
    int keyBits();

    /** Writes keys from {@code keys[from]} on; of 63-bit keys the upper 31 bits. */
    void keys(Tile a, int length, int[] keys, int from);

    /** The magnitude that has a key. */
    double magnitude(long key);

    /** The key of one value. */
    long key(double value);

    /** How many elements are not zero. */
    int countNonZero(Tile a, int length);
}
