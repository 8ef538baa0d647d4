package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The normalised inputs of an iterative method, in memory from round to round where they fit: dividing every weight anew is
 * dearer than all that is done with the quotient. Threads use different parts.
 */
final class Directions implements AutoCloseable {
    /** Memory that was used before; fresh memory is dear. Of 16 bits a weight, so that only such types are kept. */
    private static final ConcurrentLinkedQueue<short[]> FREE = new ConcurrentLinkedQueue<>();

    private final Kernels kernels;
    private final short[][] elements;

    private Directions(Kernels kernels, int inputs, int length) {
        this.kernels = kernels;
        elements = new short[inputs][];
        for (int input = 0; input < inputs; input++) {
            short[] used = FREE.poll();
            elements[input] = used != null && used.length >= length ? used : new short[length];
        }
    }

    /** Room for the directions of a tensor's inputs, or null if they do not fit the memory that the task has. */
    static Directions of(TensorTask task) {
        Kernels kernels = task.kernels();
        long bytes = Math.multiplyExact(task.elements(), (long) Short.BYTES * task.inputs());
        boolean fits = kernels.type() == DType.BF16 && bytes <= task.maskBytes();
        return fits ? new Directions(kernels, task.inputs(), Math.toIntExact(task.elements())) : null;
    }

    /** Keeps elements of one input, which are of the type of the arithmetic. */
    void put(int input, long first, Tile from, int length) {
        kernels.codec().encode(from, DType.BF16, MemorySegment.ofArray(elements[input]), first * Short.BYTES, length);
    }

    /** Gives elements of one input back. */
    void get(int input, long first, Tile to, int length) {
        kernels.codec().widen(elements[input], (int) first, to, length);
    }

    @Override
    public void close() {
        FREE.addAll(List.of(elements));
    }
}
