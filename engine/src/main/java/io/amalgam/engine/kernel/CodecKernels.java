package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.lang.foreign.MemorySegment;

/** Between bytes as they lie in files and tiles. */
public interface CodecKernels {

    /**
     * Reads elements.
     *
     * @param source bytes, little-endian
     * @param offset of the first byte
     * @param stored type of the elements there
     * @param cast type that they are rounded to first
     * @param to the target; its type is at least as wide as {@code cast}
     */
    void decode(MemorySegment source, long offset, DType stored, DType cast, Tile to, int length);

    /**
     * Rounds elements to a type and writes them; NaN is written as the canonical NaN.
     *
     * @return how many are NaN or infinite once rounded
     */
    long encode(Tile from, DType type, MemorySegment target, long offset, int length);

    /** How many elements are NaN or infinite. */
    long countNonFinite(Tile tile, int length);
}
