package io.amalgam.engine.plan;

import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.List;

/**
 * The resident memory that executing a plan takes, added up from what the executor holds: a Java process at rest, the
 * plan, each thread's buffers, and what the few tensors on their way hold. A tensor's size counts only where masks and
 * adapters do, so that the figure is bounded whatever the model.
 *
 * <p>It is an estimate for a person who chooses a machine; nothing is refused by it.
 */
final class MemoryEstimate {

    /** A Java process that merges, without any of what follows. */
    private static final long AT_REST = 160L << 20;
    /** Elements that are read and computed at a time, unless rows are longer. */
    private static final long BLOCK = 1 << 17;
    /** Two tiles of floats for each input: its elements, and what is computed from them. */
    private static final long TILES = 2 * 4096 * Float.BYTES;
    /** Tensors on their way at a time. */
    private static final int WINDOW = 6;
    /** A histogram of 16-bit digits. */
    private static final long HISTOGRAM = (1L << 16) * Integer.BYTES;
    /** Beyond this a tensor's random masks are drawn again instead of kept. */
    private static final long MASKS = 96L << 20;
    /** A tensor, and each of its inputs, in the plan. */
    private static final long PLANNED = 400;

    private final MergePlan plan;
    private final int threads;

    private MemoryEstimate(MergePlan plan, int threads) {
        this.plan = plan;
        this.threads = threads;
    }

    /**
     * The most bytes that a worker needs.
     *
     * @param threads that compute; as many again read ahead where reading is mostly waiting
     */
    static long of(MergePlan plan, int threads) {
        return new MemoryEstimate(plan, threads).bytes();
    }

    private long bytes() {
        long planned = 0;
        for (RowTable table : plan.rowTables().values()) {
            planned += rowTable(table);
        }
        long buffers = 0;
        long held = 0;
        for (ChunkPlan chunk : plan.chunks()) {
            List<TensorPlan> tensors = chunk.tensors();
            long window = 0;
            for (int index = 0; index < tensors.size(); index++) {
                TensorPlan tensor = tensors.get(index);
                planned += PLANNED * (1 + tensor.inputs().size());
                buffers = Math.max(buffers, buffers(tensor));
                window += held(tensor);
                if (index >= WINDOW) {
                    window -= held(tensors.get(index - WINDOW));
                }
                held = Math.max(held, window);
            }
        }
        return AT_REST + planned + buffers + held;
    }

    private static long rowTable(RowTable table) {
        long bytes = (long) (Integer.BYTES + Long.BYTES + 1) * table.tokens();
        for (int[] own : table.ownRow()) {
            bytes += (long) Integer.BYTES * own.length;
        }
        return bytes;
    }

    /** Input, output and tiles of all threads. */
    private long buffers(TensorPlan tensor) {
        long[] shape = tensor.shape();
        long rowLength = shape.length == 0 ? 1 : shape[shape.length - 1];
        long block = Math.min(tensor.elements(), Math.max(BLOCK, 2 * rowLength));
        long read = 0;
        for (TensorInput input : tensor.inputs()) {
            read += block * tensor.arithmetic().bytes() + TILES;
        }
        long written = block * tensor.dtype().bytes();
        return 2 * threads * read + (3 * threads + 1) * written;
    }

    /** What a tensor holds from its first pass to its last. */
    private long held(TensorPlan tensor) {
        long bytes = 0;
        long masks = 0;
        for (TensorInput input : tensor.inputs()) {
            bytes += adapters(input.source());
            if (selects(input)) {
                bytes += (2L * threads + 2) * HISTOGRAM;
            }
            if (input.randomOffset() >= 0) {
                masks += tensor.elements() / Byte.SIZE;
            }
        }
        return bytes + (masks <= MASKS ? masks : 0);
    }

    /** Whether some of an input's elements are chosen by magnitude. */
    private static boolean selects(TensorInput input) {
        return input.parameters().get("density") instanceof Double density && density < 1;
    }

    /** Both factors of an adapter, in binary32. */
    private static long adapters(TensorSource source) {
        return switch (source) {
            case TensorSource.Stored stored -> 0;
            case TensorSource.Adapted adapted -> factor(adapted.a()) + factor(adapted.b()) + adapters(adapted.weight());
            case TensorSource.Concatenated whole -> whole.parts().stream().mapToLong(MemoryEstimate::adapters).sum();
            case TensorSource.Remapped remapped ->
                remapped.rows().stream().mapToLong(MemoryEstimate::adapters).sum();
        };
    }

    private static long factor(TensorSource.Stored factor) {
        long bytes = Float.BYTES;
        for (long size : factor.shape()) {
            bytes *= size;
        }
        return bytes;
    }
}
