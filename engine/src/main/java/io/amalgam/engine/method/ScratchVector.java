package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A vector as long as the tensor that an iterative method keeps from round to round: in memory while it is small, else in
 * a temporary file, so that memory does not grow with the tensor. Threads use different parts of it.
 */
final class ScratchVector implements AutoCloseable {
    /** Bytes up to which it is kept in memory. */
    private static final long IN_MEMORY = 12 << 20;

    private final Kernels kernels;
    private final DType type;
    private final byte[] memory;
    private final FileChannel file;
    private final ThreadLocal<byte[]> buffer;

    ScratchVector(Kernels kernels, long elements, Path folder) {
        this.kernels = kernels;
        type = kernels.type();
        buffer = ThreadLocal.withInitial(() -> new byte[Tile.LENGTH * type.bytes()]);
        long bytes = elements * type.bytes();
        memory = bytes <= IN_MEMORY ? new byte[(int) bytes] : null;
        try {
            file = memory != null
                    ? null
                    : FileChannel.open(
                            Files.createTempFile(folder, "amalgam-", ".vector"),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.DELETE_ON_CLOSE);
        } catch (IOException e) {
            throw failure("Making a temporary file in " + folder, e);
        }
    }

    /** Reads elements, at most {@link Tile#LENGTH}. */
    void read(long first, Tile to, int length) {
        long position = first * type.bytes();
        if (memory != null) {
            kernels.codec().decode(MemorySegment.ofArray(memory), position, type, type, to, length);
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(buffer.get(), 0, length * type.bytes());
        try {
            while (bytes.hasRemaining()) {
                if (file.read(bytes, position + bytes.position()) < 0) {
                    throw new IOException("it ends at " + (position + bytes.position()));
                }
            }
        } catch (IOException e) {
            throw failure("Reading a temporary file", e);
        }
        kernels.codec().decode(MemorySegment.ofArray(bytes.array()), 0, type, type, to, length);
    }

    /** Writes elements, at most {@link Tile#LENGTH}. */
    void write(long first, Tile from, int length) {
        long position = first * type.bytes();
        if (memory != null) {
            kernels.codec().encode(from, type, MemorySegment.ofArray(memory), position, length);
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(buffer.get(), 0, length * type.bytes());
        kernels.codec().encode(from, type, MemorySegment.ofArray(bytes.array()), 0, length);
        try {
            while (bytes.hasRemaining()) {
                file.write(bytes, position + bytes.position());
            }
        } catch (IOException e) {
            throw failure("Writing a temporary file", e);
        }
    }

    private static AmalgamException failure(String what, IOException cause) {
        boolean full = String.valueOf(cause.getMessage()).contains("No space left");
        return new AmalgamException(
                full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE, what + " failed: " + cause.getMessage(), cause);
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                throw failure("Closing a temporary file", e);
            }
        }
    }
}
