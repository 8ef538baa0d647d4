package io.amalgam.engine.execute;

import java.nio.file.Path;

/**
 * How a chunk is executed. Nothing here changes a byte of the result.
 *
 * @param threads that compute; as many again read ahead where reading is mostly waiting
 * @param strips how many strips of 65 536 elements are read and computed at a time
 * @param maskBytes memory for random masks between passes of one tensor; beyond it they are drawn again
 * @param scratch folder for temporary files: of iterative methods, and of what was read of remote models
 * @param scratchBytes the most bytes of remote models that are kept there; what has to go is read again if it is needed
 * @param refuseNonFinite whether NaN or infinity in a result is an error
 */
public record ExecutionOptions(int threads, int strips, long maskBytes, Path scratch, long scratchBytes, boolean refuseNonFinite) {

    /** How many strips at a time unless told otherwise: with one, threads wait for each other too often. */
    public static final int DEFAULT_STRIPS = 2;

    /** Memory for random masks unless told otherwise. */
    public static final long DEFAULT_MASK_BYTES = 96L << 20;

    /** What is kept of remote models unless told otherwise: a few of the largest tensors there are, of many parents. */
    public static final long DEFAULT_SCRATCH_BYTES = 8L << 30;

    /** Checks the numbers. */
    public ExecutionOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, not " + threads);
        }
        if (strips < 1) {
            throw new IllegalArgumentException("strips must be at least 1, not " + strips);
        }
    }

    /** All processors, small blocks, temporary files in {@code java.io.tmpdir}. */
    public static ExecutionOptions defaults() {
        return new ExecutionOptions(
                Runtime.getRuntime().availableProcessors(),
                DEFAULT_STRIPS,
                DEFAULT_MASK_BYTES,
                Path.of(System.getProperty("java.io.tmpdir")),
                DEFAULT_SCRATCH_BYTES,
                false);
    }

    /** The same with so many computing threads. */
    public ExecutionOptions withThreads(int count) {
        return new ExecutionOptions(count, strips, maskBytes, scratch, scratchBytes, refuseNonFinite);
    }

    /** The same with blocks of so many strips. */
    public ExecutionOptions withStrips(int count) {
        return new ExecutionOptions(threads, count, maskBytes, scratch, scratchBytes, refuseNonFinite);
    }

    /** The same with random masks kept in at most so many bytes. */
    public ExecutionOptions withMaskBytes(long bytes) {
        return new ExecutionOptions(threads, strips, bytes, scratch, scratchBytes, refuseNonFinite);
    }

    /** The same with temporary files in {@code folder}. */
    public ExecutionOptions withScratch(Path folder) {
        return new ExecutionOptions(threads, strips, maskBytes, folder, scratchBytes, refuseNonFinite);
    }

    /** The same, refusing NaN and infinity in results or not. */
    public ExecutionOptions withRefuseNonFinite(boolean refuse) {
        return new ExecutionOptions(threads, strips, maskBytes, scratch, scratchBytes, refuse);
    }

    /** The same, keeping at most so many bytes of remote models in temporary files. */
    public ExecutionOptions withScratchBytes(long bytes) {
        return new ExecutionOptions(threads, strips, maskBytes, scratch, bytes, refuseNonFinite);
    }
}
