package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The elements of one input tensor as bytes, wherever they come from. Safe for use by several threads. */
public interface ElementSource {

    /** Type of the bytes that {@link #read} gives. */
    DType dtype();

    /**
     * Reads elements.
     *
     * @param first index of the first one
     * @param count how many
     * @param to at least {@code count} elements long
     */
    void read(long first, int count, MemorySegment to) throws IOException;
}
