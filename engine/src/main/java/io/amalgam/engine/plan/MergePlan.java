package io.amalgam.engine.plan;

import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a merge will do: a pure function of the pinned recipe and the headers of its models.
 *
 * @param artifactKey identity of the result
 * @param digest of the plan itself
 * @param models that chunks read, by index
 * @param chunks in file order
 * @param rowTables of vocabulary tensors, by name: how rows of the output vocabulary are made from inputs' rows
 * @param files other files of the artifact: name to content (configuration, tokenizer, recipe, model card)
 */
public record MergePlan(
        String artifactKey,
        String digest,
        List<PlannedModel> models,
        List<ChunkPlan> chunks,
        Map<String, RowTable> rowTables,
        Map<String, byte[]> files) {

    /** Keeps collections as they are now. */
    public MergePlan {
        models = List.copyOf(models);
        chunks = List.copyOf(chunks);
        rowTables = Map.copyOf(rowTables);
        files = Map.copyOf(files);
    }

    /** What a worker has to know to make chunk {@code index}. */
    public ChunkSlice slice(int index) {
        ChunkPlan chunk = chunks.get(index);
        Map<String, RowTable> used = new TreeMap<>();
        for (TensorPlan tensor : chunk.tensors()) {
            for (TensorInput input : tensor.inputs()) {
                if (input.source() instanceof TensorSource.Remapped remapped) {
                    used.put(remapped.table(), rowTables.get(remapped.table()));
                }
            }
        }
        return new ChunkSlice(artifactKey, digest, models, chunk, used);
    }
}
