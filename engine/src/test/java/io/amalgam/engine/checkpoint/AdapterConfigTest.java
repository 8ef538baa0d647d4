package io.amalgam.engine.checkpoint;

import static io.amalgam.engine.checkpoint.ModelFolders.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An adapter's scale is PEFT's, and what is not plain LoRA is refused. */
class AdapterConfigTest {
    @TempDir
    Path root;

    private AdapterConfig read(String json) throws IOException {
        text(root.resolve("adapter/adapter_config.json"), json);
        return AdapterConfig.read(new LocalModelSource(root, false).resolve("adapter", null));
    }

    @Test
    void theScaleIsAlphaOverRankOrItsRoot() throws IOException {
        assertEquals(2.0, read("{\"r\":8,\"lora_alpha\":16}").scale("q_proj"));
        assertEquals(16 / Math.sqrt(8), read("{\"r\":8,\"lora_alpha\":16,\"use_rslora\":true}").scale("q_proj"));
    }

    @Test
    void patternsChangeItForTheModulesThatTheyName() throws IOException {
        AdapterConfig config = read("{\"r\":8,\"lora_alpha\":16,\"rank_pattern\":{\"q_proj\":4,\"layers.1.mlp.(up|down)_proj\":2},"
                + "\"alpha_pattern\":{\"model.layers.0.self_attn.q_proj\":32}}");
        assertEquals(8.0, config.scale("model.layers.0.self_attn.q_proj"));
        assertEquals(4.0, config.scale("model.layers.1.self_attn.q_proj"));
        assertEquals(8.0, config.scale("model.layers.1.mlp.down_proj"));
        assertEquals(2.0, config.scale("model.layers.1.mlp.gate_proj"));
        assertEquals(2.0, config.scale("model.layers.1.self_attn.xq_proj"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "[]", "{}", "{\"r\":0,\"lora_alpha\":16}", "{\"r\":8}", "{\"r\":8,\"lora_alpha\":\"16\"}", "{\"r\":8,\"lora_alpha\":16,\"use_dora\":true}",
        "{\"peft_type\":\"IA3\",\"r\":8,\"lora_alpha\":16}", "{\"r\":8,\"lora_alpha\":16,\"rank_pattern\":{\"a\":\"b\"}}", "{\"r\":8,\"r\":4,\"lora_alpha\":1}"})
    void whatIsNotPlainLoraIsRefused(String json) {
        assertEquals(ErrorCode.ADAPTER_INVALID, assertThrows(AmalgamException.class, () -> read(json)).code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "((a|aa)+)+!"})
    void aPatternThatIsNoneOrNeverEndsIsRefused(String pattern) throws IOException {
        AdapterConfig config = read("{\"r\":8,\"lora_alpha\":16,\"rank_pattern\":{\"" + pattern + "\":4}}");
        assertEquals(ErrorCode.ADAPTER_INVALID,
                assertThrows(AmalgamException.class, () -> config.scale("a".repeat(60))).code());
    }
}
