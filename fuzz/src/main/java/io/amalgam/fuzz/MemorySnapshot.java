package io.amalgam.fuzz;

import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A model that lies in memory. */
record MemorySnapshot(Map<String, byte[]> content) implements ModelSnapshot {

    MemorySnapshot {
        content = new TreeMap<>(content);
    }

    @Override
    public String reference() {
        return "fuzzed";
    }

    @Override
    public String identity() {
        return "memory:fuzzed";
    }

    @Override
    public List<ModelFile> files() {
        return content.entrySet().stream().map(file -> new ModelFile(file.getKey(), file.getValue().length)).toList();
    }

    @Override
    public RangeReader open(String name) throws IOException {
        return reader(bytes(name));
    }

    @Override
    public byte[] readSmall(String name, int limit) throws IOException {
        byte[] bytes = bytes(name);
        if (bytes.length > limit) {
            throw new IOException(name + " has more than " + limit + " bytes");
        }
        return bytes;
    }

    @Override
    public void verifyUnchanged() {
        // Nobody else has it.
    }

    private byte[] bytes(String name) throws IOException {
        byte[] bytes = content.get(name);
        if (bytes == null) {
            throw new FileNotFoundException(name);
        }
        return bytes;
    }

    /** Positional reads of an array. */
    static RangeReader reader(byte[] bytes) {
        return new RangeReader() {
            @Override
            public long length() {
                return bytes.length;
            }

            @Override
            public void read(long position, MemorySegment destination) throws IOException {
                if (position < 0 || destination.byteSize() > bytes.length - position) {
                    throw new EOFException("bytes from " + position + " are not there");
                }
                MemorySegment.copy(
                        MemorySegment.ofArray(bytes), position, destination, 0, destination.byteSize());
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }
}
