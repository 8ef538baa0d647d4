package io.amalgam.engine.plan;

import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.HashSet;
import java.util.Set;

/** Adds up what a plan will take. */
final class CostEstimate {

    /** Room for headers, index and manifest, a tensor. */
    private static final int HEADER_BYTES_PER_TENSOR = 512;

    private CostEstimate() {
    }

    static MergeCost of(MergePlan plan) {
        long read = 0;
        long written = 0;
        long tensors = 0;
        for (ChunkPlan chunk : plan.chunks()) {
            for (TensorPlan tensor : chunk.tensors()) {
                read += bytesToRead(tensor);
                tensors++;
            }
            written += chunk.bytesToWrite();
        }
        long files = plan.files().values().stream().mapToLong(content -> content.length).sum();
        return new MergeCost(
                read,
                written,
                plan.chunks().size(),
                (int) tensors,
                MemoryEstimate.of(plan, Runtime.getRuntime().availableProcessors()),
                written + files + tensors * HEADER_BYTES_PER_TENSOR);
    }

    /** Bytes of all ranges that a tensor is made of, each once. */
    static long bytesToRead(TensorPlan tensor) {
        Set<Range> ranges = new HashSet<>();
        long bytes = 0;
        for (TensorInput input : tensor.inputs()) {
            bytes += add(input.source(), ranges);
        }
        return bytes;
    }

    /** A range that was counted already. */
    private record Range(int model, String file, long position) {
    }

    private static long add(TensorSource source, Set<Range> ranges) {
        return switch (source) {
            case TensorSource.Stored stored -> {
                if (!ranges.add(new Range(stored.model(), stored.file(), stored.position()))) {
                    yield 0;
                }
                long bytes = stored.dtype().bytes();
                for (long size : stored.shape()) {
                    bytes *= size;
                }
                yield bytes;
            }
            case TensorSource.Concatenated whole -> {
                long bytes = 0;
                for (TensorSource part : whole.parts()) {
                    bytes += add(part, ranges);
                }
                yield bytes;
            }
            case TensorSource.Adapted adapted ->
                add(adapted.weight(), ranges) + add(adapted.a(), ranges) + add(adapted.b(), ranges);
            case TensorSource.Remapped remapped -> {
                long bytes = 0;
                for (TensorSource rows : remapped.rows()) {
                    bytes += add(rows, ranges);
                }
                yield bytes;
            }
        };
    }
}
