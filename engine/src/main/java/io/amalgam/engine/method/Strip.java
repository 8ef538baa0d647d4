package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.lang.foreign.MemorySegment;

/**
 * A run of elements of one output tensor and of the same elements of its inputs, as one thread works on it. Valid only
 * during the call it is passed to.
 *
 * <p>Strips are the leaves of reductions: their bounds depend on the tensor alone, never on threads or blocks.
 */
public interface Strip {

    /** Index among the strips of the tensor. */
    int index();

    /** Index in the tensor of the first element. */
    long first();

    /** Number of elements. */
    int length();

    /** Which of the threads works on it, from 0. */
    int worker();

    /**
     * Decodes elements of an input, cast and promoted to the type of the arithmetic. The tile is overwritten by the next
     * call for the same input.
     *
     * @param input index of an input that the pass reads
     * @param from first element within the strip
     */
    Tile input(int input, int from, int length);

    /**
     * Writes into {@code to} how elements of an input differ from {@code base}, rounded to the type of the arithmetic.
     *
     * @param from first element within the strip
     */
    void difference(int input, int from, Tile base, Tile to, int length);

    /**
     * Writes into {@code to} elements of an input divided by {@code divisor}, rounded to the type of the arithmetic.
     *
     * @param from first element within the strip
     */
    void quotient(int input, int from, double divisor, Tile to, int length);

    /**
     * Adds elements of an input times {@code factor} to {@code sum}, by fused multiply-adds.
     *
     * @param kernels of the sum's type
     * @param from first element within the strip
     */
    void multiplyAdd(int input, int from, Kernels kernels, Tile sum, double factor, int length);

    /** The bytes of an input that the pass reads, as they are stored. */
    MemorySegment stored(int input);

    /** A tile of this thread for intermediate values of the type of the arithmetic; slots are small numbers. */
    Tile scratch(int slot, int capacity);

    /**
     * Appends elements to the output; all elements of the strip must be given, in order.
     *
     * @param type of the arithmetic that the elements come from; they are rounded to it, then to the output's type
     */
    void emit(Tile tile, DType type, int length);

    /**
     * Appends all elements of the strip as they are stored in an input, if no cast lies between.
     *
     * @return whether none does; otherwise nothing was appended
     */
    boolean emitStored(int input);
}
