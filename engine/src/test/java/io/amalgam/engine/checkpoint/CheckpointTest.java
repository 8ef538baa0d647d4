package io.amalgam.engine.checkpoint;

import static io.amalgam.engine.checkpoint.ModelFolders.safetensors;
import static io.amalgam.engine.checkpoint.ModelFolders.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import io.amalgam.engine.source.LocalModelSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model folder is read whole, or refused with the reason and the remedy. */
class CheckpointTest {
    @TempDir
    Path root;

    private Checkpoint open(String model) throws IOException {
        return Checkpoint.open(new LocalModelSource(root, false).resolve(model, null));
    }

    private Path model() {
        return root.resolve("model");
    }

    private AmalgamException refusal(ErrorCode code) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> open("model"));
        assertEquals(code, refusal.code(), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("model"), refusal.getMessage());
        return refusal;
    }

    @Test
    void shardsOfARealModelAreOneIndex() throws IOException {
        Checkpoint sharded = Checkpoint.open(
                new LocalModelSource(Path.of("src/test/resources/golden/models"), false).resolve("llama-b", null));
        Checkpoint single = Checkpoint.open(
                new LocalModelSource(Path.of("src/test/resources/golden/models"), false).resolve("llama-a", null));
        assertEquals(4, sharded.headers().size());
        assertEquals(List.copyOf(single.names()), List.copyOf(sharded.names()));
        assertEquals("model-00004-of-00004.safetensors", sharded.find("lm_head.weight").orElseThrow().file());
    }

    @Test
    void anAdapterIsRecognised() throws IOException {
        Checkpoint adapter = Checkpoint.open(
                new LocalModelSource(Path.of("src/test/resources/golden/models"), false).resolve("lora-a", null));
        assertEquals(Checkpoint.Kind.ADAPTER, adapter.kind());
        AdapterConfig config = AdapterConfig.read(adapter.snapshot());
        assertEquals(config.alpha() / config.rank(), config.scale("model.layers.0.self_attn.q_proj"));
    }

    @Test
    void aSingleFileWinsOverAnIndex() throws IOException {
        safetensors(model().resolve("model.safetensors"), "a");
        text(model().resolve("model.safetensors.index.json"), "{}");
        assertEquals(List.of("a"), List.copyOf(open("model").names()));
    }

    static Stream<Arguments> indexAttacks() {
        return Stream.of(
                Arguments.of("a parent folder", "{\"weight_map\":{\"a\":\"../secret.safetensors\"}}"),
                Arguments.of("an absolute path", "{\"weight_map\":{\"a\":\"/etc/secret.safetensors\"}}"),
                Arguments.of("a sub-folder", "{\"weight_map\":{\"a\":\"sub/model.safetensors\"}}"),
                Arguments.of("a backslash", "{\"weight_map\":{\"a\":\"..\\\\secret.safetensors\"}}"),
                Arguments.of("a drive", "{\"weight_map\":{\"a\":\"C:secret.safetensors\"}}"),
                Arguments.of("a NUL", "{\"weight_map\":{\"a\":\"shard.safetensors\\u0000.txt\"}}"),
                Arguments.of("a full-width slash", "{\"weight_map\":{\"a\":\"..\\uff0fsecret.safetensors\"}}"),
                Arguments.of("a name that is the folder itself", "{\"weight_map\":{\"a\":\".\"}}"),
                Arguments.of("a name that is empty", "{\"weight_map\":{\"a\":\"\"}}"),
                Arguments.of("a hidden file", "{\"weight_map\":{\"a\":\".hidden.safetensors\"}}"),
                Arguments.of("a pickled shard", "{\"weight_map\":{\"a\":\"pytorch_model.bin\"}}"),
                Arguments.of("a shard that is missing", "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\"}}"),
                Arguments.of("a tensor that its shard lacks", "{\"weight_map\":{\"b\":\"shard.safetensors\"}}"),
                Arguments.of("a tensor twice", "{\"weight_map\":{\"a\":\"shard.safetensors\",\"a\":\"shard.safetensors\"}}"),
                Arguments.of("a number for a file", "{\"weight_map\":{\"a\":1}}"),
                Arguments.of("an empty map", "{\"weight_map\":{}}"),
                Arguments.of("no map", "{\"metadata\":{}}"),
                Arguments.of("a list", "[]"),
                Arguments.of("something that is not JSON", "weight_map: {}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("indexAttacks")
    void anIndexNamesOnlyShardsBesideIt(String name, String index) throws IOException {
        safetensors(root.resolve("secret.safetensors"), "a");
        safetensors(model().resolve("shard.safetensors"), "a");
        safetensors(model().resolve(".hidden.safetensors"), "a");
        safetensors(model().resolve("sub/model.safetensors"), "a");
        text(model().resolve("pytorch_model.bin"), "x");
        text(model().resolve("model.safetensors.index.json"), index);
        refusal(ErrorCode.CHECKPOINT_INVALID);
    }

    @Test
    void aShardThatIsALinkOutOfTheRootIsRefused(@TempDir Path outside) throws IOException {
        safetensors(outside.resolve("secret.safetensors"), "a");
        text(model().resolve("model.safetensors.index.json"), "{\"weight_map\":{\"a\":\"shard.safetensors\"}}");
        Files.createSymbolicLink(model().resolve("shard.safetensors"), outside.resolve("secret.safetensors"));
        refusal(ErrorCode.MODEL_REFERENCE_INVALID);
    }

    @Test
    void aDamagedShardIsNamed() throws IOException {
        Path shard = model().resolve("model.safetensors");
        safetensors(shard, "a");
        Files.write(shard, Arrays.copyOf(Files.readAllBytes(shard), (int) Files.size(shard) - 1));
        assertTrue(refusal(ErrorCode.CHECKPOINT_INVALID).getMessage().contains("truncated"));
    }

    static Stream<Arguments> unreadable() {
        return Stream.of(
                Arguments.of("pytorch_model.bin", "pickled"),
                Arguments.of("consolidated.00.pth", "pickled"),
                Arguments.of("model.pt", "pickled"),
                Arguments.of("model-Q4_K_M.gguf", "GGUF"),
                Arguments.of("consolidated.safetensors", "save_pretrained"),
                Arguments.of("adapter_model.safetensors", "adapter_config.json"),
                Arguments.of("notes.txt", "no weights"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("unreadable")
    void weightsInAnotherFormAreRefusedWithTheConversion(String file, String said) throws IOException {
        text(model().resolve(file), "x");
        assertTrue(refusal(ErrorCode.MODEL_UNREADABLE).getMessage().contains(said));
    }

    static Stream<Arguments> quantized() {
        return Stream.of(
                Arguments.of("{\"quant_method\":\"gptq\",\"bits\":4}", "GPTQ"),
                Arguments.of("{\"quant_method\":\"awq\"}", "AWQ"),
                Arguments.of("{\"quant_method\":\"fp8\"}", "FP8"),
                Arguments.of("{\"load_in_4bit\":true}", "bitsandbytes"),
                Arguments.of("{\"quant_method\":\"compressed-tensors\"}", "compressed-tensors"));
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("quantized")
    void aQuantisedModelIsRefusedByItsConfiguration(String quantization, String said) throws IOException {
        safetensors(model().resolve("model.safetensors"), "a");
        text(model().resolve("config.json"), "{\"quantization_config\":" + quantization + "}");
        assertTrue(refusal(ErrorCode.MODEL_UNREADABLE).getMessage().contains(said));
    }

    @Test
    void aQuantisedModelIsRefusedByItsTensors() throws IOException {
        safetensors(model().resolve("model.safetensors"), DType.F8_E4M3, "model.layers.0.mlp.up_proj.weight");
        assertTrue(refusal(ErrorCode.MODEL_UNREADABLE).getMessage().contains("FP8"));
        safetensors(model().resolve("model.safetensors"), DType.I32, "model.layers.0.mlp.up_proj.qweight");
        assertTrue(refusal(ErrorCode.MODEL_UNREADABLE).getMessage().contains("GPTQ"));
        safetensors(model().resolve("model.safetensors"), DType.U8, "model.layers.0.mlp.up_proj.weight.absmax");
        assertTrue(refusal(ErrorCode.MODEL_UNREADABLE).getMessage().contains("bitsandbytes"));
    }

    @Test
    void aConfigurationThatSaysTwoThingsIsRefused() throws IOException {
        safetensors(model().resolve("model.safetensors"), "a");
        text(model().resolve("config.json"), "{\"vocab_size\":1,\"vocab_size\":2}");
        refusal(ErrorCode.MODEL_UNREADABLE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e10000000000002", "1e999999999", "1e-999999999", "-1.5E+2147483647", "1e1001"})
    void aNumberThatWouldFillTheMemoryWrittenOutIsRefused(String number) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> StrictJson.object(
                ("{\"vocab_size\": " + number + "}").getBytes(StandardCharsets.UTF_8), "config.json",
                ErrorCode.MODEL_UNREADABLE));
        assertEquals(ErrorCode.MODEL_UNREADABLE, refusal.code());
    }
}
