package io.amalgam.engine.execute;

import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.source.ScratchRanges.Range;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which bytes of which files a chunk is made of. */
final class ChunkRanges {
    private final Map<InputFile, List<Range>> ranges = new HashMap<>();

    private ChunkRanges() {
    }

    /** The ranges of a chunk by file, in the order of its tensors; the same range may be there several times. */
    static Map<InputFile, List<Range>> of(ChunkPlan chunk) {
        ChunkRanges collected = new ChunkRanges();
        for (TensorPlan tensor : chunk.tensors()) {
            for (TensorInput input : tensor.inputs()) {
                collected.add(input.source());
            }
        }
        return collected.ranges;
    }

    /** A file of a model. */
    record InputFile(int model, String name) {
    }

    private void add(TensorSource source) {
        switch (source) {
            case TensorSource.Stored stored -> {
                long bytes = stored.dtype().bytes();
                for (long size : stored.shape()) {
                    bytes = Math.multiplyExact(bytes, size);
                }
                ranges.computeIfAbsent(new InputFile(stored.model(), stored.file()), file -> new ArrayList<>())
                        .add(new Range(stored.position(), bytes));
            }
            case TensorSource.Concatenated whole -> whole.parts().forEach(this::add);
            case TensorSource.Adapted adapted -> {
                add(adapted.weight());
                add(adapted.a());
                add(adapted.b());
            }
            case TensorSource.Remapped remapped -> remapped.rows().forEach(this::add);
        }
    }
}
