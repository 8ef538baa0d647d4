package io.amalgam.performance;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How two outputs differ, tensor by tensor. */
final class OutputComparison {
    private static final int BLOCK = 1 << 22;

    private final List<TensorDifference> tensors = new ArrayList<>();
    private final List<Side> parents = new ArrayList<>();

    /**
     * How one tensor differs.
     *
     * @param name of the tensor
     * @param elements in all
     * @param different how many have other bits
     * @param ulps the largest distance of two of them, in steps between neighbouring numbers of the type
     * @param foreign how many of the different ones are, on one side or the other, nothing that a choice between the
     *     parents leaves, if the comparison was given parents
     */
    record TensorDifference(String name, long elements, long different, long ulps, long foreign) {

        /** The share of different elements. */
        double share() {
            return (double) different / Math.max(1, elements);
        }
    }

    /** A model that is compared. */
    private record Side(ModelSnapshot files, Checkpoint checkpoint) {

        static Side of(Path folder) throws IOException {
            ModelSnapshot files = new LocalModelSource(folder, true).resolve(".", null);
            return new Side(files, Checkpoint.open(files));
        }
    }

    private OutputComparison() {
    }

    /**
     * Compares two model folders, which must have the same tensors of the same shapes and types.
     *
     * @param parents none; or a base and another model, for {@link TensorDifference#foreign}: a method that chooses
     *     changes leaves the base's number, or that plus the change, which was rounded to the parents' type
     */
    static OutputComparison of(Path left, Path right, List<Path> parents) throws IOException {
        Side one = Side.of(left);
        Side two = Side.of(right);
        if (!one.checkpoint.tensorsByName().keySet().equals(two.checkpoint.tensorsByName().keySet())) {
            throw new IOException("the outputs " + left + " and " + right + " have different tensors");
        }
        OutputComparison comparison = new OutputComparison();
        for (Path parent : parents) {
            comparison.parents.add(Side.of(parent));
        }
        for (StoredTensor tensor : one.checkpoint.tensors()) {
            StoredTensor other = two.checkpoint.find(tensor.name()).orElseThrow();
            if (tensor.dtype() != other.dtype() || tensor.bytes() != other.bytes()) {
                throw new IOException("tensor " + tensor.name() + " is " + tensor.dtype() + " of " + tensor.bytes()
                        + " bytes in " + left + " and " + other.dtype() + " of " + other.bytes() + " in " + right);
            }
            comparison.tensors.add(comparison.compare(one, tensor, two, other));
        }
        return comparison;
    }

    private TensorDifference compare(Side one, StoredTensor left, Side two, StoredTensor right) throws IOException {
        DType type = left.dtype();
        long different = 0;
        long ulps = 0;
        long foreign = 0;
        try (Arena arena = Arena.ofConfined();
                RangeReader first = one.files.open(left.file());
                RangeReader second = two.files.open(right.file())) {
            MemorySegment a = arena.allocate(BLOCK);
            MemorySegment b = arena.allocate(BLOCK);
            List<MemorySegment> blocks = new ArrayList<>();
            for (long position = 0; position < left.bytes(); position += BLOCK) {
                long length = Math.min(BLOCK, left.bytes() - position);
                first.read(left.position() + position, a.asSlice(0, length));
                second.read(right.position() + position, b.asSlice(0, length));
                if (a.asSlice(0, length).mismatch(b.asSlice(0, length)) < 0) {
                    continue;
                }
                readParents(left.name(), position / type.bytes(), length / type.bytes(), arena, blocks);
                for (long index = 0; index < length / type.bytes(); index++) {
                    long distance = Math.abs(place(a, index, type) - place(b, index, type));
                    if (distance != 0) {
                        different++;
                        ulps = Math.max(ulps, distance);
                        boolean chosen = chosen(a, index, type, left.name(), blocks)
                                && chosen(b, index, type, left.name(), blocks);
                        foreign += chosen ? 0 : 1;
                    }
                }
            }
        }
        return new TensorDifference(left.name(), left.elements(), different, ulps, foreign);
    }

    private void readParents(String name, long first, long count, Arena arena, List<MemorySegment> blocks)
            throws IOException {
        for (int parent = 0; parent < parents.size(); parent++) {
            StoredTensor tensor = parents.get(parent).checkpoint.find(name).orElseThrow();
            if (blocks.size() <= parent) {
                blocks.add(arena.allocate(BLOCK * 2L));
            }
            int width = tensor.dtype().bytes();
            try (RangeReader reader = parents.get(parent).files.open(tensor.file())) {
                reader.read(tensor.position() + first * width, blocks.get(parent).asSlice(0, count * width));
            }
        }
    }

    private boolean chosen(MemorySegment bytes, long index, DType type, String name, List<MemorySegment> blocks) {
        if (parents.isEmpty()) {
            return true;
        }
        DType stored = parents.getFirst().checkpoint.find(name).orElseThrow().dtype();
        float base = value(blocks.getFirst(), index, stored);
        float other = value(blocks.getLast(), index, stored);
        float chosen = value(bytes, index, type);
        return chosen == base || chosen == base + (float) Kernels.of(stored).round(other - base);
    }

    private static float value(MemorySegment bytes, long index, DType type) {
        return switch (type) {
            case F32 -> bytes.getAtIndex(ValueLayout.JAVA_FLOAT, index);
            case BF16 -> Float.intBitsToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, index) << 16);
            case F16 -> Float.float16ToFloat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, index));
            default -> throw new IllegalArgumentException("outputs of type " + type + " are not compared");
        };
    }

    /** The place of a number among all of its type in ascending order. */
    private static long place(MemorySegment bytes, long index, DType type) {
        if (type == DType.F32) {
            int bits = bytes.getAtIndex(ValueLayout.JAVA_INT, index);
            return bits >= 0 ? bits : -1L - (bits & 0x7FFFFFFF);
        }
        short bits = bytes.getAtIndex(ValueLayout.JAVA_SHORT, index);
        return bits >= 0 ? bits : -1L - (bits & 0x7FFF);
    }

    /** Every tensor. */
    List<TensorDifference> tensors() {
        return tensors;
    }

    /** Weights in all. */
    long weights() {
        return tensors.stream().mapToLong(TensorDifference::elements).sum();
    }

    /** How many have other bits. */
    long different() {
        return tensors.stream().mapToLong(TensorDifference::different).sum();
    }

    /** The largest share of different weights in a tensor. */
    double worstShare() {
        return tensors.stream().mapToDouble(TensorDifference::share).max().orElse(0);
    }
}
