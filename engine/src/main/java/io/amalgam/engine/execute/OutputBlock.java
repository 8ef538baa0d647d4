package io.amalgam.engine.execute;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** A reused buffer for one block of output, with its place in the shard's order. */
final class OutputBlock {
    private final Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    /** Place in the order of all blocks of the chunk. */
    long sequence;
    /** Bytes that it holds. */
    long length;
    /** How many have yet to look at it. */
    final AtomicInteger users = new AtomicInteger();

    OutputBlock(Arena arena) {
        this.arena = arena;
    }

    /** Memory for at least so many bytes; what it held is lost. */
    MemorySegment reserve(long bytes) {
        if (memory.byteSize() < bytes) {
            memory = arena.allocate(bytes, 64);
        }
        return memory;
    }

    /** The bytes that it holds. */
    MemorySegment content() {
        return memory.asSlice(0, length);
    }
}
