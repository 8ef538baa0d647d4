package io.amalgam.engine.execute;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Keeps a shard in memory. */
final class MemorySink implements ShardSink {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void write(MemorySegment block) {
        bytes.writeBytes(block.toArray(ValueLayout.JAVA_BYTE));
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
