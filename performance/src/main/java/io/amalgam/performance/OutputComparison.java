package io.amalgam.performance;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * How two outputs differ.
 *
 * @param weights in all
 * @param different how many have other bits
 * @param worstShare the largest share of different weights in a tensor
 */
record OutputComparison(long weights, long different, double worstShare) {
    private static final int BLOCK = 1 << 22;

    /** Compares two model folders, which must have the same tensors. */
    static OutputComparison of(Path left, Path right) throws IOException {
        ModelSnapshot one = new LocalModelSource(left, true).resolve(".", null);
        ModelSnapshot two = new LocalModelSource(right, true).resolve(".", null);
        Checkpoint ours = Checkpoint.open(one);
        Checkpoint theirs = Checkpoint.open(two);
        if (!ours.tensorsByName().keySet().equals(theirs.tensorsByName().keySet())) {
            throw new IOException("the outputs have different tensors");
        }
        long weights = 0;
        long different = 0;
        double worst = 0;
        for (StoredTensor tensor : ours.tensors()) {
            long own = differences(one, tensor, two, theirs.find(tensor.name()).orElseThrow());
            weights += tensor.elements();
            different += own;
            worst = Math.max(worst, (double) own / Math.max(1, tensor.elements()));
        }
        return new OutputComparison(weights, different, worst);
    }

    private static long differences(ModelSnapshot one, StoredTensor left, ModelSnapshot two, StoredTensor right)
            throws IOException {
        if (left.dtype() != right.dtype()) {
            return left.elements();
        }
        int width = left.dtype().bytes();
        long count = 0;
        try (Arena arena = Arena.ofConfined();
                RangeReader first = one.open(left.file());
                RangeReader second = two.open(right.file())) {
            MemorySegment a = arena.allocate(BLOCK);
            MemorySegment b = arena.allocate(BLOCK);
            for (long position = 0; position < left.bytes(); position += BLOCK) {
                long length = Math.min(BLOCK, left.bytes() - position);
                first.read(left.position() + position, a.asSlice(0, length));
                second.read(right.position() + position, b.asSlice(0, length));
                if (a.asSlice(0, length).mismatch(b.asSlice(0, length)) >= 0) {
                    for (long offset = 0; offset < length; offset += width) {
                        boolean same = width == 2
                                ? a.get(ValueLayout.JAVA_SHORT, offset) == b.get(ValueLayout.JAVA_SHORT, offset)
                                : a.get(ValueLayout.JAVA_INT, offset) == b.get(ValueLayout.JAVA_INT, offset);
                        count += same ? 0 : 1;
                    }
                }
            }
        }
        return count;
    }
}
