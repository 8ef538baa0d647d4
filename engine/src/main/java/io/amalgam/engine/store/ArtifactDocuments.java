package io.amalgam.engine.store;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.Version;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.IndentedJson;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedModel;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything in an artifact that is not a shard: a pure function of plan, pinned recipe and receipts, so that all
 * assemblers write the same bytes.
 *
 * @param files name to content, without the manifest
 * @param manifest which lists them and the shards
 */
record ArtifactDocuments(Map<String, byte[]> files, Manifest manifest) {

    /**
     * Makes the documents.
     *
     * @param receipts of all chunks, in their order
     */
    static ArtifactDocuments of(MergePlan plan, PinnedRecipe pinned, List<ChunkReceipt> receipts) {
        checkReceipts(plan, receipts);
        Map<String, byte[]> files = new TreeMap<>(plan.files());
        if (plan.chunks().size() > 1) {
            files.put(Checkpoint.INDEX_FILE, index(plan));
        }
        List<Manifest.FileEntry> entries = new ArrayList<>();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            entries.add(new Manifest.FileEntry(file.getKey(), file.getValue().length, Sha256.of(file.getValue())));
        }
        Manifest manifest = new Manifest(
                Manifest.SCHEMA_VERSION,
                plan.artifactKey(),
                plan.digest(),
                new Manifest.Versions(Version.AMALGAM, Version.NUMERICS, Version.MERGEKIT),
                parents(plan, pinned),
                receipts,
                entries,
                totalSize(plan),
                new Manifest.Request(pinned.recipe(), pinned.options(), pinned.seed()));
        return new ArtifactDocuments(files, manifest);
    }

    private static List<Manifest.Parent> parents(MergePlan plan, PinnedRecipe pinned) {
        List<Manifest.Parent> parents = new ArrayList<>();
        for (PlannedModel model : plan.models()) {
            String license = pinned.models().stream()
                    .filter(each -> each.planned().equals(model) && each.license() != null)
                    .map(PinnedModel::license)
                    .findFirst().orElse(null);
            parents.add(new Manifest.Parent(model.path(), model.revision(), model.identity(), license));
        }
        return parents;
    }

    private static void checkReceipts(MergePlan plan, List<ChunkReceipt> receipts) {
        for (int i = 0; i < plan.chunks().size(); i++) {
            ChunkPlan chunk = plan.chunks().get(i);
            ChunkReceipt receipt = receipts.get(i);
            if (receipt.numerics() != Version.NUMERICS) {
                throw new AmalgamException(ErrorCode.NUMERICS_MISMATCH, "Shard " + chunk.file() + " was made with numerics version "
                        + receipt.numerics() + ", this program has " + Version.NUMERICS + "; one artifact is never made of both.");
            }
            if (!receipt.chunkKey().equals(chunk.key()) || !receipt.file().equals(chunk.file())) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "The receipt of shard " + chunk.file() + " is that of "
                        + receipt.file() + " with key " + receipt.chunkKey() + ", expected " + chunk.key() + ".");
            }
        }
    }

    /** The index that transformers reads, laid out as it writes it. */
    private static byte[] index(MergePlan plan) {
        ObjectNode index = JsonNodeFactory.instance.objectNode();
        index.putObject("metadata").put("total_size", totalSize(plan)).put("amalgam_version", Version.AMALGAM);
        Map<String, String> shards = new TreeMap<>();
        for (ChunkPlan chunk : plan.chunks()) {
            for (TensorPlan tensor : chunk.tensors()) {
                shards.put(tensor.name(), chunk.file());
            }
        }
        ObjectNode weightMap = index.putObject("weight_map");
        shards.forEach(weightMap::put);
        return IndentedJson.bytes(index, true);
    }

    private static long totalSize(MergePlan plan) {
        long total = 0;
        for (ChunkPlan chunk : plan.chunks()) {
            total = Math.addExact(total, chunk.bytesToWrite());
        }
        return total;
    }
}
