package io.amalgam.engine.checkpoint;

import io.amalgam.engine.source.RangeReader;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A file in memory that may claim a length of its own. */
final class BytesReader implements RangeReader {
    private final byte[] bytes;
    private final long length;

    BytesReader(byte[] bytes) {
        this(bytes, bytes.length);
    }

    BytesReader(byte[] bytes, long length) {
        this.bytes = bytes;
        this.length = length;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public void read(long position, MemorySegment destination) throws IOException {
        if (position + destination.byteSize() > bytes.length) {
            throw new EOFException("read behind the end");
        }
        MemorySegment.copy(MemorySegment.ofArray(bytes), position, destination, 0, destination.byteSize());
    }

    @Override
    public void close() {
    }
}
