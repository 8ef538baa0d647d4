package io.amalgam.engine.plan;

import io.amalgam.engine.source.PlannedModel;
import java.util.List;
import java.util.Map;

/**
 * All that a worker has to know to make one shard.
 *
 * @param artifactKey identity of the merge's result
 * @param planDigest digest of the plan that the chunk is of
 * @param models of the plan, by index
 * @param chunk the chunk
 * @param rowTables those that the chunk uses, by name
 */
public record ChunkSlice(
        String artifactKey,
        String planDigest,
        List<PlannedModel> models,
        ChunkPlan chunk,
        Map<String, RowTable> rowTables) {

    /** Keeps collections as they are now. */
    public ChunkSlice {
        models = List.copyOf(models);
        rowTables = Map.copyOf(rowTables);
    }
}
