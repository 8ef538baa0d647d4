package io.amalgam.engine.store;

import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Where artifacts go, and the state of every merge: a chunk is done when its receipt is here, a merge when its manifest
 * is. Every operation may be repeated, by anyone, at any time, also after a crash in the middle of the same operation.
 *
 * <p>Nothing but what is to be swept is ever found by listing; all things have names that follow from the plan:
 *
 * <pre>
 * pinned/&lt;artifact&gt;.json                 pinned recipe
 * plans/&lt;plan digest&gt;/chunk-00000.json   what one chunk does
 * .staging/&lt;artifact&gt;/…                  shards and receipts of an unfinished merge
 * by-key/&lt;chunk key&gt;.json                where a shard with that key lies
 * artifacts/&lt;artifact&gt;/…                 finished artifacts
 * evaluations/&lt;model identity&gt;/…         benchmark results
 * answers/&lt;scope&gt;/…                     remembered answers of models
 * begun/&lt;merge&gt;/&lt;chunk&gt;                 how often workers began a chunk that had been delivered before
 * health/&lt;worker&gt;                        written and removed to see whether the store can be written to
 * </pre>
 *
 * <p>All operations throw {@link io.amalgam.engine.error.AmalgamException} with {@code STORE_UNAVAILABLE} when the store
 * does not answer, and {@code STORAGE_FULL} when it has no room.
 */
public interface ArtifactStore {

    /** The location of a pinned recipe. */
    static String pinnedLocation(String artifact) {
        return "pinned/" + artifact + ".json";
    }

    /** The location of a chunk's slice of its plan. */
    static String chunkLocation(String planDigest, int index) {
        return String.format("plans/%s/chunk-%05d.json", planDigest, index);
    }

    /** Writes a small document, whole or not at all, in place of whatever was there. */
    void put(String location, byte[] content);

    /**
     * Writes a small document if there is none.
     *
     * @return whether this call wrote it
     */
    boolean putIfAbsent(String location, byte[] content);

    /**
     * Reads a small document.
     *
     * @param limit the most bytes it may have
     */
    Optional<byte[]> get(String location, int limit);

    /** Removes a small document, if it is there. */
    void delete(String location);

    /**
     * Refuses to start what cannot be finished.
     *
     * @param bytes that are going to be written
     * @throws io.amalgam.engine.error.AmalgamException with {@code STORAGE_FULL}
     */
    void requireSpace(long bytes);

    /** Begins a shard of an artifact. */
    ShardWriter openShard(String artifact, ChunkPlan chunk);

    /** The receipt of a chunk, if it is done: the receipt matches the chunk, and the shard is there with its length. */
    Optional<ChunkReceipt> receipt(String artifact, ChunkPlan chunk);

    /** Takes the shard from another merge that had a chunk of the same key, if its file is still there. */
    Optional<ChunkReceipt> reuse(String artifact, ChunkPlan chunk);

    /**
     * Makes the artifact visible: checks every chunk's receipt, writes index, configuration, tokenizer, card, last of
     * all the manifest. Any number of assemblers may run at once; all return the same manifest.
     *
     * @param pinned the recipe that the plan was made from
     * @throws io.amalgam.engine.error.AmalgamException with {@code DIGEST_MISMATCH} if a receipt is missing or does not
     *     match, or {@code NUMERICS_MISMATCH} if receipts are of another numerics version
     */
    Manifest assemble(MergePlan plan, PinnedRecipe pinned);

    /** The manifest of a finished artifact. */
    Optional<Manifest> manifest(String artifact);

    /**
     * Opens a file of a finished artifact.
     *
     * @param name one that the manifest lists, or the manifest's own
     * @throws io.amalgam.engine.error.AmalgamException with {@code NOT_FOUND}
     */
    RangeReader openArtifactFile(String artifact, String name);

    /**
     * A finished artifact as a model, for evaluation or as the input of another merge. Its identity is its key.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code NOT_FOUND}
     */
    ModelSnapshot openArtifact(String artifact);

    /** Where an artifact lies or would lie, as a person finds it: a folder's path, or an address. */
    String artifactLocation(String artifact);

    /** Removes shards and receipts of an unfinished merge. Nothing happens to a finished artifact. */
    void discardStaging(String artifact);

    /**
     * Deletes a finished artifact: it stops to exist at once, then its files are removed. Whether it may be deleted is
     * the caller's to know.
     *
     * @return whether it existed
     */
    boolean deleteArtifact(String artifact);

    /**
     * Removes what crashed writers left behind: shards and receipts of merges that nobody carries on, uploads that nobody
     * completes, parts of files, remains of deleted artifacts.
     *
     * @param age what is younger, by the store's own clock, stays
     * @param inUse whether a merge that makes an artifact of that key is open: then everything of it stays
     */
    SweepResult sweep(Duration age, Predicate<String> inUse);
}
