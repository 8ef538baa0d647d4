package io.amalgam.fuzz;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** {@code model.safetensors.index.json} of a model with two shards: it names these two files or is refused. */
public final class ShardIndexTarget implements FuzzTarget {

    private static final ShardIndexTarget INSTANCE = new ShardIndexTarget();
    private static final String FIRST = "model-00001-of-00002.safetensors";
    private static final String SECOND = "model-00002-of-00002.safetensors";
    private static final byte[] CONFIG = "{\"model_type\":\"llama\"}".getBytes(StandardCharsets.UTF_8);
    private static final byte[] FIRST_SHARD =
            SafetensorsTarget.file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);
    private static final byte[] SECOND_SHARD =
            SafetensorsTarget.file("{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4);

    /** For Jazzer, once: what is slow the first time is not an input's fault. */
    public static void fuzzerInitialize() {
        INSTANCE.seeds().forEach(INSTANCE::run);
    }

    /** For Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        INSTANCE.run(input);
    }

    @Override
    public String name() {
        return "shard-index";
    }

    @Override
    public void run(byte[] input) {
        MemorySnapshot model = new MemorySnapshot(Map.of(
                "config.json", CONFIG, FIRST, FIRST_SHARD, SECOND, SECOND_SHARD, Checkpoint.INDEX_FILE, input,
                "pytorch_model.bin", new byte[] {1}));
        Checkpoint checkpoint;
        try {
            checkpoint = Checkpoint.open(model);
        } catch (AmalgamException refusal) {
            Refusals.check(refusal, ErrorCode.CHECKPOINT_INVALID);
            return;
        } catch (IOException failure) {
            throw new AssertionError("it opened what is not there", failure);
        }
        for (StoredTensor tensor : checkpoint.tensors()) {
            Refusals.promise(tensor.name().equals("a") && tensor.file().equals(FIRST)
                    || tensor.name().equals("b") && tensor.file().equals(SECOND), "tensors are where they really are");
        }
        Refusals.promise(!checkpoint.tensors().isEmpty(), "no model without tensors");
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                bytes("{\"metadata\":{\"total_size\":8},\"weight_map\":{\"a\":\"" + FIRST + "\",\"b\":\"" + SECOND + "\"}}"),
                bytes("{\"weight_map\":{\"a\":\"" + FIRST + "\"}}"),
                bytes("{\"weight_map\":{\"a\":\"../" + FIRST + "\"}}"),
                bytes("{\"weight_map\":{\"a\":\"pytorch_model.bin\"}}"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
