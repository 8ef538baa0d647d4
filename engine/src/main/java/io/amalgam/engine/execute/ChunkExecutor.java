package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.tensor.TensorPlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Executes chunks: reads the inputs' byte ranges in blocks, computes on all threads, and gives the shard's bytes to a
 * sink in order. Memory is a few small buffers for each thread, whatever the size of the model. The bytes depend on the
 * chunk alone, never on options, threads or the kind of kernels.
 *
 * <p>An executor has no state; it may execute several chunks at once.
 */
public final class ChunkExecutor {
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
        ShardOutput output = new ShardOutput(sink, listener);
        try (InputFiles files = new InputFiles(slice, models, options, listener);
                ChunkRun run = new ChunkRun(
                        slice.chunk(), new ElementSources(files, slice.rowTables()), options, listener, output)) {
            output.begin(SafetensorsWriter.header(
                    slice.chunk().tensors().stream().map(TensorPlan::header).toList()));
            Rehearsal.before(slice.chunk(), options);
            run.start();
            await(run);
            run.check();
            return new ExecutionResult(output.length(), output.sha256(), files.bytesRead(), run.nonFinite());
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "Closing an input failed: " + e.getMessage(), e);
        }
    }

    /** Waits until every thread has done the block it has, since buffers are freed next. An interrupt ends the run. */
    private static void await(ChunkRun run) {
        boolean interrupted = false;
        for (boolean ended = false; !ended; ) {
            try {
                run.join();
                ended = true;
            } catch (InterruptedException e) {
                run.fail(e);
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
