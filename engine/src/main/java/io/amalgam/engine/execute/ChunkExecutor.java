package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkSlice;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Executes chunks: reads the inputs' byte ranges in blocks, computes on all threads, and gives the shard's bytes to a
 * sink in order. Memory is a few small buffers for each thread, whatever the size of the model. The bytes depend on the
 * chunk alone, never on options, threads or the kind of kernels.
 *
 * <p>An executor has no state; it may execute several chunks at once.
 */
public final class ChunkExecutor {
    private static final int DIGEST_BLOCK = 1 << 15;

    private final ExecutionOptions options;

    /** An executor of chunks with these options. */
    public ChunkExecutor(ExecutionOptions options) {
        this.options = options;
    }

    /**
     * Makes one shard. Returns when the sink has had its last byte; the sink is the caller's to sync and close.
     *
     * @throws AmalgamException with {@code SOURCE_UNAVAILABLE} or {@code STORE_UNAVAILABLE} if reading or writing fails,
     *     {@code STORAGE_FULL} if there is no room, {@code CANCELLED} if the listener or an interrupt says so,
     *     {@code TENSOR_DIFFERS}, {@code NON_FINITE_WEIGHTS}, or {@code INTERNAL}
     */
    public ExecutionResult execute(ChunkSlice slice, ModelOpener models, ShardSink sink, ExecutionListener listener) {
        try (InputFiles files = new InputFiles(slice.models(), models, listener);
                ChunkRun run = new ChunkRun(
                        slice.chunk(), new ElementSources(files, slice.rowTables()), options, listener)) {
            byte[] header = SafetensorsWriter.header(
                    slice.chunk().tensors().stream().map(TensorHeader::of).toList());
            Output output = new Output(sink, listener);
            List<Thread> threads = run.start();
            try {
                output.write(MemorySegment.ofArray(header));
                long sequence = 0;
                for (OutputBlock block = run.next(sequence); block != null; block = run.next(sequence)) {
                    output.write(block.content());
                    run.release(block);
                    sequence++;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AmalgamException(ErrorCode.CANCELLED, "Chunk " + slice.chunk().index() + " was interrupted.", e);
            } catch (Throwable e) {
                run.fail(e);
                throw e;
            } finally {
                end(run, threads);
            }
            return new ExecutionResult(output.length, output.sha256(), files.bytesRead(), run.nonFinite());
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "Closing an input failed: " + e.getMessage(), e);
        }
    }

    /** Waits until every thread has done the block it has: buffers are freed next. */
    private static void end(ChunkRun run, List<Thread> threads) {
        boolean interrupted = Thread.interrupted();
        run.end();
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join(TimeUnit.SECONDS.toMillis(1));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** The way out: digest, count, sink. */
    private static final class Output {
        private final ShardSink sink;
        private final ExecutionListener listener;
        private final MessageDigest digest;
        private final byte[] staging = new byte[DIGEST_BLOCK];
        private long length;

        Output(ShardSink sink, ExecutionListener listener) {
            this.sink = sink;
            this.listener = listener;
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("every Java platform has SHA-256", e);
            }
        }

        void write(MemorySegment block) {
            long size = block.byteSize();
            // By way of an array: the digest's fast path takes nothing else.
            for (long position = 0; position < size; position += DIGEST_BLOCK) {
                int count = (int) Math.min(DIGEST_BLOCK, size - position);
                MemorySegment.copy(block, ValueLayout.JAVA_BYTE, position, staging, 0, count);
                digest.update(staging, 0, count);
            }
            try {
                sink.write(block);
            } catch (IOException e) {
                boolean full = String.valueOf(e.getMessage()).contains("No space left");
                throw new AmalgamException(
                        full ? ErrorCode.STORAGE_FULL : ErrorCode.STORE_UNAVAILABLE,
                        "Writing %d bytes at %d of the shard failed: %s".formatted(size, length, e.getMessage()),
                        e);
            }
            length += size;
            listener.bytesWritten(size);
        }

        String sha256() {
            return HexFormat.of().formatHex(digest.digest());
        }
    }
}
