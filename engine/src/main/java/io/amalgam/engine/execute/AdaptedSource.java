package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A weight with a LoRA adapter merged into it as PEFT merges it on a CPU: the product B·A in binary32, each dot product
 * accumulated in binary64 and rounded once; times the scale, in binary32; added to the weight in binary32, and the sum
 * rounded to the weight's type. (mergekit.md §1.2 has the delta rounded first; MergeKit's output does not.)
 */
final class AdaptedSource implements ElementSource {
    private final ElementSource weight;
    private final TensorSource.Adapted plan;
    private final InputFiles files;
    private final int rank;
    private final int rows;
    private final int columns;
    private float[] a;
    private float[] b;

    AdaptedSource(TensorSource.Adapted plan, ElementSource weight, InputFiles files) {
        this.plan = plan;
        this.weight = weight;
        this.files = files;
        rank = Math.toIntExact(plan.a().shape()[0]);
        columns = Math.toIntExact(plan.a().shape()[1]);
        rows = Math.toIntExact(plan.b().shape()[0]);
    }

    @Override
    public DType dtype() {
        return weight.dtype();
    }

    @Override
    public void read(long first, int count, MemorySegment to) throws IOException {
        loadFactors();
        weight.read(first, count, to);
        DType type = weight.dtype();
        Kernels kernels = Kernels.of(type);
        float scale = (float) plan.scale();
        int width = plan.transposed() ? rows : columns;
        Tile tile = kernels.tile(Tile.LENGTH);
        Tile delta = kernels.tile(Tile.LENGTH);
        for (int from = 0; from < count; from += Tile.LENGTH) {
            int length = Math.min(Tile.LENGTH, count - from);
            kernels.codec().decode(to, (long) from * type.bytes(), type, type, tile, length);
            for (int i = 0; i < length; i++) {
                long element = first + from + i;
                int major = (int) (element / width);
                int minor = (int) (element % width);
                float product = plan.transposed() ? dot(minor, major) : dot(major, minor);
                delta.set(i, product * scale);
            }
            kernels.arithmetic().add(tile, tile, delta, length);
            kernels.codec().encode(tile, type, to, (long) from * type.bytes(), length);
        }
    }

    /** One element of B·A. A is held transposed, so that both factors are read in order. */
    private float dot(int row, int column) {
        double sum = 0;
        for (int k = 0, left = row * rank, right = column * rank; k < rank; k++) {
            sum += (double) b[left + k] * a[right + k];
        }
        return (float) sum;
    }

    private synchronized void loadFactors() throws IOException {
        if (a != null) {
            return;
        }
        b = load(plan.b(), rows * rank);
        float[] plain = load(plan.a(), rank * columns);
        float[] transposed = new float[plain.length];
        for (int k = 0; k < rank; k++) {
            for (int column = 0; column < columns; column++) {
                transposed[column * rank + k] = plain[k * columns + column];
            }
        }
        a = transposed;
    }

    private float[] load(TensorSource.Stored factor, int elements) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate((long) elements * factor.dtype().bytes(), Long.BYTES);
            files.read(factor.model(), factor.file(), factor.position(), bytes);
            Kernels kernels = Kernels.of(DType.F32);
            Tile tile = kernels.tile(elements);
            kernels.codec().decode(bytes, 0, factor.dtype(), DType.F32, tile, elements);
            float[] values = new float[elements];
            for (int i = 0; i < elements; i++) {
                values[i] = (float) tile.get(i);
            }
            return values;
        }
    }
}
