package io.amalgam.engine.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ChunkExecutor;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.execute.Rehearsal;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.LikelyTensor;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.Manifest;
import io.amalgam.engine.store.OutputFolder;
import io.amalgam.engine.store.ShardWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Makes an artifact in a folder: plans, executes chunk after chunk, assembles. The folder appears whole or not at all,
 * and what an interrupted merge left is removed.
 */
public final class LocalMerge {
    /** Bytes of a model that take longer to merge than getting ready does. */
    private static final long LARGE = 64L << 20;

    private final ModelSource sources;
    private final ExecutionOptions execution;
    private final boolean overwrite;
    private final boolean durable;

    /**
     * What came of a merge.
     *
     * @param manifest of the artifact
     * @param made whether it was made now; false if it was there already
     * @param nonFinite for each tensor with NaN or infinity, how many elements
     */
    public record Outcome(Manifest manifest, boolean made, Map<String, Long> nonFinite) {
    }

    /**
     * A merge that is to be made.
     *
     * @param sources where the models are
     * @param execution how chunks are executed
     * @param overwrite whether other content of the folder is replaced
     * @param durable whether files are synced
     */
    public LocalMerge(ModelSource sources, ExecutionOptions execution, boolean overwrite, boolean durable) {
        this.sources = sources;
        this.execution = execution;
        this.overwrite = overwrite;
        this.durable = durable;
    }

    /**
     * Begins to get ready for a recipe while its models are looked at, if they seem large. Returns at once, and what is
     * wrong with the recipe is told by others.
     */
    public void prepare(ParsedRecipe parsed) {
        if (parsed.hasErrors() || parsed.recipe().references().keySet().stream().anyMatch(LocalMerge::small)) {
            return;
        }
        LikelyTensor.of(parsed).ifPresent(tensor -> Rehearsal.begin(tensor, execution));
    }

    /** Whether a model is a folder here with few bytes. */
    private static boolean small(ModelReference reference) {
        try (Stream<Path> files = Files.list(Path.of(reference.model().path()))) {
            long bytes = 0;
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
            return bytes < LARGE;
        } catch (IOException | InvalidPathException e) {
            // It is elsewhere, and looking at it will take a while.
            return false;
        }
    }

    /**
     * Makes the artifact.
     *
     * @param accepted what the preflight made of the recipe
     * @param target the folder
     * @param listener hears of every block, and may cancel
     * @throws AmalgamException with the preflight's errors if there are any, {@code OUTPUT_NOT_EMPTY} if the folder holds something else, {@code STORAGE_FULL},
     *     {@code MODEL_CHANGED}, or what executing a chunk throws
     */
    public Outcome run(PreflightResult accepted, Path target, ExecutionListener listener) {
        PinnedRecipe pinned = accepted.orThrow();
        if (!overwrite) {
            Optional<Manifest> finished = OutputFolder.finished(target, pinned.artifactKey());
            if (finished.isPresent()) {
                return new Outcome(finished.get(), false, Map.of());
            }
        }
        MergePlan plan = accepted.planOrThrow();
        Map<String, Long> nonFinite = new TreeMap<>();
        try (OutputFolder output =
                OutputFolder.open(target, pinned.artifactKey(), accepted.cost().diskBytes(), overwrite, durable)) {
            OpenedModels models = new OpenedModels(plan.models(), sources);
            ChunkExecutor executor = new ChunkExecutor(execution);
            for (ChunkPlan chunk : plan.chunks()) {
                try (ShardWriter shard = output.openShard(chunk)) {
                    ExecutionResult result = executor.execute(plan.slice(chunk.index()), models, shard, listener);
                    models.verifyUnchanged();
                    shard.commit(result);
                    nonFinite.putAll(result.nonFinite());
                }
            }
            return new Outcome(output.finish(plan, pinned), true, nonFinite);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE, "A model cannot be read: " + e.getMessage() + ".", e);
        }
    }
}
