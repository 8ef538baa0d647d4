package io.amalgam.mergeworker.coordination;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event.MergeRequested;
import java.util.Arrays;
import java.util.Optional;

/** Plans a merge from its pinned recipe and puts the slices where workers find them. Doing so again changes nothing. */
public final class MergePlanning {

    /** The most bytes of a pinned recipe: a model of 671 billion parameters has some 90,000 tensors. */
    public static final int PINNED_LIMIT = 256 << 20;

    private final ArtifactStore store;

    /**
     * A planned merge.
     *
     * @param outline what the coordinator keeps
     * @param receipts length of each shard that is there already; -1 for the others
     */
    public record Prepared(MergeOutline outline, long[] receipts) {
    }

    /** Plans from and into a store. */
    public MergePlanning(ArtifactStore store) {
        this.store = store;
    }

    /**
     * Plans a merge, new or taken over.
     *
     * @throws AmalgamException with a transient code if the store does not answer, else with what is wrong for good
     */
    public Prepared prepare(MergeRequested request) {
        PinnedRecipe pinned = pinned(store, request.pinned(), request.artifact());
        MergePlan plan = Planner.plan(pinned);
        long[] receipts = new long[plan.chunks().size()];
        Arrays.fill(receipts, -1);
        long missing = 0;
        Optional<Manifest> finished = store.manifest(plan.artifactKey());
        for (ChunkPlan chunk : plan.chunks()) {
            // A finished artifact keeps its receipts in its manifest.
            Optional<ChunkReceipt> receipt = finished.isPresent()
                    ? finished.get().shard(chunk.file())
                    : store.receipt(plan.artifactKey(), chunk);
            if (receipt.isPresent()) {
                receipts[chunk.index()] = receipt.get().length();
            } else {
                missing += chunk.bytesToWrite();
                store.put(ArtifactStore.chunkLocation(plan.digest(), chunk.index()),
                        PlanJson.write(plan.slice(chunk.index())));
            }
        }
        store.requireSpace(missing);
        String location = artifactLocation(plan.artifactKey());
        return new Prepared(MergeOutline.of(plan, pinned, request.name(), location), receipts);
    }

    /** Where events say that an artifact lies: relative to the store, which each machine may have elsewhere. */
    public static String artifactLocation(String artifact) {
        return "artifacts/" + artifact;
    }

    /**
     * Reads a pinned recipe.
     *
     * @throws AmalgamException with {@code NOT_FOUND} if it is not there, {@code DIGEST_MISMATCH} if it is another's
     */
    public static PinnedRecipe pinned(ArtifactStore store, String location, String artifact) {
        byte[] json = store.get(location, PINNED_LIMIT)
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND,
                        "the pinned recipe %s is not in the store; submit the recipe again".formatted(location)));
        PinnedRecipe pinned = PlanJson.read(json, PinnedRecipe.class);
        if (!pinned.artifactKey().equals(artifact)) {
            throw new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                    "the pinned recipe %s is that of artifact %s; expected %s"
                            .formatted(location, pinned.artifactKey(), artifact));
        }
        return pinned;
    }
}
