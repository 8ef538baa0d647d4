package io.amalgam.engine.source;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Positional reads of one file of a model, wherever it lies. Safe for use by several threads. */
public interface RangeReader extends Closeable {

    /** The file's length in bytes. */
    long length();

    /** Whether reading is dear: over a network, by requests. What was read of such a file is kept for as long as it is used. */
    default boolean remote() {
        return false;
    }

    /**
     * Fills {@code destination} with the bytes that begin at {@code position}.
     *
     * @throws IOException if the range is not to be had whole
     */
    void read(long position, MemorySegment destination) throws IOException;
}
