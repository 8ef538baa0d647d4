package io.amalgam.recipeservice;

import io.amalgam.engine.execute.ChunkExecutor;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.Manifest;
import io.amalgam.engine.store.ShardWriter;
import java.io.IOException;
import java.nio.file.Path;

/** Does for a pinned recipe what merge-workers do, in this process: the artifact is a real one. */
public final class RealArtifact {

    private RealArtifact() {
    }

    /** Makes the artifact of a recipe that was ordered. */
    static Manifest make(ArtifactStore store, Path models, String artifact) throws IOException {
        PinnedRecipe pinned = PlanJson.read(
                store.get(ArtifactStore.pinnedLocation(artifact), 1 << 24).orElseThrow(), PinnedRecipe.class);
        MergePlan plan = Planner.plan(pinned);
        ModelSources sources = new ModelSources(new LocalModelSource(models, false));
        ChunkExecutor executor = new ChunkExecutor(ExecutionOptions.defaults());
        for (int index = 0; index < plan.chunks().size(); index++) {
            try (ShardWriter writer = store.openShard(artifact, plan.chunks().get(index))) {
                writer.commit(executor.execute(plan.slice(index),
                        (model, file) -> sources.open(plan.models().get(model)).open(file), writer,
                        ExecutionListener.NONE));
            }
        }
        return store.assemble(plan, pinned);
    }
}
