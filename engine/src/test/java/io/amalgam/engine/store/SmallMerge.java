package io.amalgam.engine.store;

import io.amalgam.engine.Version;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.tensor.TensorPlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** A plan of a few small shards, and what computing them gives. */
public final class SmallMerge {
    /** The plan. */
    public final MergePlan plan;
    /** The recipe that the plan would be made from. */
    public final PinnedRecipe pinned;

    /** A merge that makes an artifact in so many chunks of a tensor each. */
    public SmallMerge(String artifact, int chunks) {
        List<ChunkPlan> chunkPlans = new ArrayList<>();
        for (int i = 0; i < chunks; i++) {
            TensorPlan tensor = new TensorPlan("layer." + i + ".weight", new long[] {4, 8}, DType.BF16, "linear", DType.F32, List.of(), -1, Map.of());
            String file = chunks == 1 ? "model.safetensors" : String.format("model-%05d-of-%05d.safetensors", i + 1, chunks);
            chunkPlans.add(new ChunkPlan(i, chunks, file, "key" + i, 1, List.of(tensor)));
        }
        plan = new MergePlan(artifact, "plan-" + artifact, List.of(new PlannedModel("a", null, "local:sha256:00")), chunkPlans, Map.of(),
                Map.of("config.json", "{}\n".getBytes(StandardCharsets.UTF_8), "tokenizer.json", "{\"a\": 1}".getBytes(StandardCharsets.UTF_8)));
        pinned = new PinnedRecipe(artifact, Version.NUMERICS, "merge_method: linear\n", "recipe.yml", PlanOptions.service(), 7, List.of(), null, Map.of());
    }

    /** One of its chunks. */
    public ChunkPlan chunk(int index) {
        return plan.chunks().get(index);
    }

    /** The bytes that computing a chunk gives. */
    public static byte[] bytes(ChunkPlan chunk) {
        byte[] header = SafetensorsWriter.header(chunk.tensors().stream().map(TensorPlan::header).toList());
        byte[] shard = Arrays.copyOf(header, header.length + (int) chunk.bytesToWrite());
        Arrays.fill(shard, header.length, shard.length, (byte) (chunk.index() + 1));
        return shard;
    }

    /** What the executor says of a chunk. */
    public static ExecutionResult result(ChunkPlan chunk) {
        byte[] shard = bytes(chunk);
        try {
            String sha256 = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(shard));
            return new ExecutionResult(shard.length, sha256, 0, Map.of());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes a shard. */
    public static ChunkReceipt write(ShardWriter writer, ChunkPlan chunk) throws IOException {
        try (writer) {
            writer.write(MemorySegment.ofArray(bytes(chunk)));
            return writer.commit(result(chunk));
        }
    }

    /** Writes all shards. */
    public void writeAll(ArtifactStore store) throws IOException {
        for (ChunkPlan chunk : plan.chunks()) {
            write(store.openShard(plan.artifactKey(), chunk), chunk);
        }
    }
}
