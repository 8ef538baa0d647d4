package io.amalgam.engine.execute;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Where the bytes of one shard go, from the first to the last, in order. Used by one thread at a time. */
public interface ShardSink {

    /**
     * Appends all bytes of {@code block}. The memory is the caller's again when this returns.
     *
     * @throws IOException if they cannot be written
     */
    void write(MemorySegment block) throws IOException;
}
