package io.amalgam.engine.execute;

import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The way out of a shard's bytes: blocks are given to a sink, and their digest is taken, both in order. There is no thread
 * for either: whoever adds a block does what is due of both, unless another thread is at it, who then goes on with this
 * block. So nobody is woken for a block, and its bytes are still in the processor's cache.
 */
final class ShardOutput {
    private static final int DIGEST_BLOCK = 1 << 15;

    private final ShardSink sink;
    private final ExecutionListener listener;
    private final MessageDigest digest = Sha256.newDigest();
    private final byte[] staging = new byte[DIGEST_BLOCK];
    private final Duty writing = new Duty(this::write);
    private final Duty digesting = new Duty(this::update);
    private long length;

    ShardOutput(ShardSink sink, ExecutionListener listener) {
        this.sink = sink;
        this.listener = listener;
    }

    /** Something that is done with every block in order, by one thread at a time. */
    private static final class Duty {
        private final Consumer<MemorySegment> work;
        private final Map<Long, OutputBlock> waiting = new HashMap<>();
        private long next;
        private boolean taken;

        Duty(Consumer<MemorySegment> work) {
            this.work = work;
        }

        synchronized void add(OutputBlock block) {
            waiting.put(block.sequence, block);
        }

        /** Does what is due, unless another thread does. After a failure nothing is due any more. */
        void perform(Consumer<OutputBlock> done) {
            for (OutputBlock due = take(); due != null; due = take()) {
                work.accept(due.content());
                end();
                if (due.users.decrementAndGet() == 0) {
                    done.accept(due);
                }
            }
        }

        private synchronized OutputBlock take() {
            OutputBlock due = taken ? null : waiting.remove(next);
            taken |= due != null;
            return due;
        }

        private synchronized void end() {
            taken = false;
            next++;
        }
    }

    /** Begins the shard with bytes that are no block. */
    void begin(byte[] header) {
        write(MemorySegment.ofArray(header));
        update(MemorySegment.ofArray(header));
    }

    /**
     * Adds a finished block; blocks may come in any order.
     *
     * @param done called for each block, this one or another, whose memory nobody needs any more; the same for all
     */
    void add(OutputBlock block, Consumer<OutputBlock> done) {
        block.users.set(2);
        writing.add(block);
        digesting.add(block);
        writing.perform(done);
        digesting.perform(done);
    }

    private void write(MemorySegment bytes) {
        try {
            sink.write(bytes);
        } catch (IOException e) {
            boolean full = String.valueOf(e.getMessage()).contains("No space left");
            throw new AmalgamException(
                    full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE,
                    "Writing %d bytes at %d of the shard failed: %s".formatted(bytes.byteSize(), length, e.getMessage()),
                    e);
        }
        length += bytes.byteSize();
        listener.bytesWritten(bytes.byteSize());
    }

    private void update(MemorySegment bytes) {
        // By way of an array: the digest's fast path takes nothing else.
        long size = bytes.byteSize();
        for (long position = 0; position < size; position += DIGEST_BLOCK) {
            int count = (int) Math.min(DIGEST_BLOCK, size - position);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, position, staging, 0, count);
            digest.update(staging, 0, count);
        }
    }

    /** Bytes written; when all threads have ended. */
    long length() {
        return length;
    }

    /** The digest of all bytes; when all threads have ended. */
    String sha256() {
        return Sha256.end(digest);
    }
}
