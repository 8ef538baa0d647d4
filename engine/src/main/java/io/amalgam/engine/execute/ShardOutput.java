package io.amalgam.engine.execute;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The way out of a shard's bytes: the thread that calls writes them, another one takes their digest meanwhile. */
final class ShardOutput implements AutoCloseable {
    private static final int DIGEST_BLOCK = 1 << 15;

    private final ShardSink sink;
    private final ExecutionListener listener;
    private final MessageDigest digest;
    private final byte[] staging = new byte[DIGEST_BLOCK];
    private final ExecutorService digesting = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("amalgam-digest").factory());
    private long length;

    ShardOutput(ShardSink sink, ExecutionListener listener) {
        this.sink = sink;
        this.listener = listener;
        this.digest = Sha256.newDigest();
    }

    /**
     * Appends bytes.
     *
     * @param done called, by whichever thread, when nobody needs the memory any more
     */
    void write(MemorySegment block, Runnable done) {
        AtomicInteger users = new AtomicInteger(2);
        Runnable leave = () -> {
            if (users.decrementAndGet() == 0) {
                done.run();
            }
        };
        digesting.execute(() -> {
            update(block);
            leave.run();
        });
        try {
            sink.write(block);
        } catch (IOException e) {
            boolean full = String.valueOf(e.getMessage()).contains("No space left");
            throw new AmalgamException(
                    full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE,
                    "Writing %d bytes at %d of the shard failed: %s".formatted(block.byteSize(), length, e.getMessage()),
                    e);
        }
        length += block.byteSize();
        listener.bytesWritten(block.byteSize());
        leave.run();
    }

    private void update(MemorySegment block) {
        // By way of an array: the digest's fast path takes nothing else.
        long size = block.byteSize();
        for (long position = 0; position < size; position += DIGEST_BLOCK) {
            int count = (int) Math.min(DIGEST_BLOCK, size - position);
            MemorySegment.copy(block, ValueLayout.JAVA_BYTE, position, staging, 0, count);
            digest.update(staging, 0, count);
        }
    }

    /** Waits for the digest of what was written; nothing may be written after it. */
    void end() throws InterruptedException {
        digesting.shutdown();
        if (!digesting.awaitTermination(1, TimeUnit.HOURS)) {
            throw new IllegalStateException("the digest of a few blocks took more than an hour");
        }
    }

    /** Bytes written. */
    long length() {
        return length;
    }

    /** The digest of all bytes, after {@link #end}. */
    String sha256() {
        return Sha256.end(digest);
    }

    /** Waits until no thread looks at the blocks' memory. */
    @Override
    public void close() {
        digesting.shutdownNow();
        digesting.close();
    }
}
