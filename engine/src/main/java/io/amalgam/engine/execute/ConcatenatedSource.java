package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Several sources of one type, one behind the other. */
final class ConcatenatedSource implements ElementSource {
    private final List<ElementSource> parts;
    /** Index of the first element of each part, and of the end. */
    private final long[] starts;

    ConcatenatedSource(List<ElementSource> parts, long[] lengths) {
        this.parts = parts;
        starts = new long[lengths.length + 1];
        for (int part = 0; part < lengths.length; part++) {
            starts[part + 1] = starts[part] + lengths[part];
        }
    }

    @Override
    public DType dtype() {
        return parts.getFirst().dtype();
    }

    @Override
    public void read(long first, int count, MemorySegment to) throws IOException {
        int part = java.util.Arrays.binarySearch(starts, first);
        part = part < 0 ? -part - 2 : part;
        long element = first;
        long end = first + count;
        for (; element < end; part++) {
            int length = (int) (Math.min(starts[part + 1], end) - element);
            if (length > 0) {
                parts.get(part)
                        .read(element - starts[part], length, to.asSlice((element - first) * dtype().bytes()));
            }
            element += length;
        }
    }
}
