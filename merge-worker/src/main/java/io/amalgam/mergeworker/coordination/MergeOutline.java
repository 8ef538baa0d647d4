package io.amalgam.mergeworker.coordination;

import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedModel;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a coordinator keeps of a plan while a merge runs: numbers, not tensors. The plan itself lies in the store, a
 * slice a chunk.
 *
 * @param artifact the artifact's key
 * @param plan the plan's digest
 * @param pinned store location of the pinned recipe
 * @param bytesToRead bytes that each chunk reads
 * @param bytesToWrite bytes of tensors that each chunk writes
 * @param location where the artifact will lie
 * @param models the artifact, its parents and its base, for evaluation
 */
public record MergeOutline(
        String artifact, String plan, String pinned, long[] bytesToRead, long[] bytesToWrite, String location,
        List<ModelPlace> models) {

    private static final long SLOWEST_BYTES_PER_SECOND = 10_000_000;
    private static final long SHORTEST_DEADLINE_SECONDS = 60;
    /** Below the lock, so that a record is never taken away from a worker that is still within its deadline. */
    private static final long LONGEST_DEADLINE_SECONDS = Topics.WORK_LOCK.minus(Duration.ofMinutes(3)).toSeconds();

    /** Keeps the list as it is now. */
    public MergeOutline {
        models = List.copyOf(models);
    }

    /**
     * The outline of a plan.
     *
     * @param name what the merge is called
     * @param location where the artifact will lie
     */
    public static MergeOutline of(MergePlan plan, PinnedRecipe pinned, String name, String location) {
        int count = plan.chunks().size();
        long[] bytesToRead = new long[count];
        long[] bytesToWrite = new long[count];
        for (ChunkPlan chunk : plan.chunks()) {
            bytesToRead[chunk.index()] = bytesToRead(chunk);
            bytesToWrite[chunk.index()] = chunk.bytesToWrite();
        }
        return new MergeOutline(
                plan.artifactKey(), plan.digest(), ArtifactStore.pinnedLocation(plan.artifactKey()), bytesToRead,
                bytesToWrite, location, models(plan, pinned, name, location));
    }

    /** Chunks of the merge. */
    public int count() {
        return bytesToRead.length;
    }

    /** How long a chunk may take. */
    public long deadlineSeconds(int chunk) {
        long seconds = bytesToRead[chunk] / SLOWEST_BYTES_PER_SECOND;
        return Math.clamp(seconds, SHORTEST_DEADLINE_SECONDS, LONGEST_DEADLINE_SECONDS);
    }

    /** How long the assembly may take: it reads receipts and renames, or copies within the store. */
    public long assemblyDeadlineSeconds() {
        return Math.clamp(count(), 2 * SHORTEST_DEADLINE_SECONDS, LONGEST_DEADLINE_SECONDS);
    }

    private static long bytesToRead(ChunkPlan chunk) {
        long bytes = 0;
        for (TensorPlan tensor : chunk.tensors()) {
            for (TensorInput input : tensor.inputs()) {
                bytes += bytes(input.source());
            }
        }
        return bytes;
    }

    private static long bytes(TensorSource source) {
        return switch (source) {
            case TensorSource.Stored stored -> elements(stored.shape()) * stored.dtype().bytes();
            case TensorSource.Concatenated concatenated -> {
                long bytes = 0;
                for (TensorSource part : concatenated.parts()) {
                    bytes += bytes(part);
                }
                yield bytes;
            }
            case TensorSource.Adapted adapted -> bytes(adapted.weight()) + bytes(adapted.a()) + bytes(adapted.b());
            // Rows that an input lacks come from others; they are few beside its own.
            case TensorSource.Remapped remapped -> bytes(remapped.rows().get(remapped.input()));
        };
    }

    private static long elements(long[] shape) {
        long product = 1;
        for (long size : shape) {
            product *= size;
        }
        return product;
    }

    /** The artifact first, then the base, then the parents in the recipe's order. Adapters are no models of their own. */
    private static List<ModelPlace> models(MergePlan plan, PinnedRecipe pinned, String name, String location) {
        Set<Integer> bases = new HashSet<>();
        for (ChunkPlan chunk : plan.chunks()) {
            for (TensorPlan tensor : chunk.tensors()) {
                if (tensor.base() >= 0) {
                    bases.add(tensor.inputs().get(tensor.base()).model());
                }
            }
        }
        List<ModelPlace> base = new ArrayList<>();
        List<ModelPlace> parents = new ArrayList<>();
        for (int i = 0; i < pinned.models().size(); i++) {
            PinnedModel model = pinned.models().get(i);
            if (!model.adapter()) {
                ModelPlace.Role role = bases.contains(i) ? ModelPlace.Role.BASE : ModelPlace.Role.PARENT;
                (role == ModelPlace.Role.BASE ? base : parents)
                        .add(new ModelPlace(model.path(), model.identity(), model.path(), role));
            }
        }
        List<ModelPlace> models = new ArrayList<>();
        models.add(new ModelPlace(
                name == null ? plan.artifactKey() : name, "artifact:" + plan.artifactKey(), location,
                ModelPlace.Role.ARTIFACT));
        models.addAll(base);
        models.addAll(parents);
        return models;
    }
}
