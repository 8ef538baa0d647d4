package io.amalgam.engine.kernel;

import java.lang.foreign.MemorySegment;

/**
 * Element-wise operations. Unless said otherwise each computes in binary32 (binary64 for F64) and rounds once to the
 * type of the arithmetic, as one operation of torch does (mergekit.md §2.1.2). The target may be an operand. Scalars are
 * used as given: the caller has rounded them where torch does.
 */
public interface ArithmeticKernels {

    /** {@code to = a + b}. */
    void add(Tile to, Tile a, Tile b, int length);

    /** {@code to = a - b}. */
    void subtract(Tile to, Tile a, Tile b, int length);

    /**
     * {@code to = a - b}, where a lies in memory as bfloat16: what decoding and {@link #subtract} give, in one go.
     *
     * @param offset of the first byte of a
     */
    void difference(Tile to, MemorySegment a, long offset, Tile b, int length);

    /** {@code to = a × b}. */
    void multiply(Tile to, Tile a, Tile b, int length);

    /** {@code to = a ÷ b}. */
    void divide(Tile to, Tile a, Tile b, int length);

    /** {@code to = a × factor}. */
    void scale(Tile to, Tile a, double factor, int length);

    /** {@code to = a ÷ divisor}. */
    void divideBy(Tile to, Tile a, double divisor, int length);

    /**
     * {@link #divideBy} where a lies in memory as bfloat16.
     *
     * @param offset of the first byte of a
     */
    void quotient(Tile to, MemorySegment a, long offset, double divisor, int length);

    /**
     * Adds the logarithm of a direction at a point of the sphere:
     * {@code to = to + round(round(direction - round(point × cosine)) × factor)}, four operations of torch.
     */
    void addLogarithm(Tile to, Tile direction, Tile point, double cosine, double factor, int length);

    /** {@code to = round(round(a - b) × factor)}: a weighted difference, two operations of torch. */
    void scaledDifference(Tile to, Tile a, Tile b, double factor, int length);

    /** {@code to = round(a × p) + round(b × q)}, three operations of torch. */
    void weightedSum(Tile to, Tile a, double p, Tile b, double q, int length);

    /** {@code to = to + a × factor} by a fused multiply-add, without rounding to the arithmetic's type. */
    void multiplyAdd(Tile to, Tile a, double factor, int length);

    /**
     * {@link #multiplyAdd(Tile, Tile, double, int)} where a lies in memory as bfloat16.
     *
     * @param offset of the first byte of a
     */
    void multiplyAdd(Tile to, MemorySegment a, long offset, double factor, int length);

    /** {@code to = a × p + b × q}: products and sum in binary32, not fused; rounded once. */
    void blend(Tile to, Tile a, double p, Tile b, double q, int length);

    /**
     * The sum over {@code count} tiles, element by element, starting from zero in the given order in binary32, rounded
     * once.
     *
     * @param interleavedFrom the first index from which four interleaved partial sums are used: tile i goes to partial
     *     sum i mod 4, those behind the last multiple of four to the first, and the four are added in order;
     *     {@code length} or more for none
     */
    void sum(Tile to, Tile[] tiles, int count, int interleavedFrom, int length);

    /** {@code to = a + value}; the value is of the arithmetic's type. */
    void addScalar(Tile to, Tile a, double value, int length);

    /** {@code to = |a|}. */
    void magnitude(Tile to, Tile a, int length);

    /** {@code to = e^(a - shift)}, by {@link Transcendental#exp}. */
    void exponential(Tile to, Tile a, double shift, int length);

    /** {@code to = ln a}, by {@link Transcendental#log}. */
    void logarithm(Tile to, Tile a, int length);

    /** {@code to = to × (condition ≥ least ? 1 : 0)}. */
    void keepAtLeast(Tile to, Tile condition, double least, int length);

    /** {@code to = value} everywhere. */
    void fill(Tile to, double value, int length);

    /** {@code to = a} rounded to the arithmetic's type. */
    void round(Tile to, Tile a, int length);

    /** Nearswap: {@code s·x + (1-s)·b}, {@code s = clamp(round(round(1 ÷ max(|b - x|, floor)) × t), 0, 1)}. */
    void nearSwap(Tile to, Tile x, Tile b, double t, double floor, int length);
}
