package io.amalgam.engine.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.checkpoint.StoredTensor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitecturesTest {

    /** How many tensors MergeKit's table lists before the layers, in each, and after them. */
    @ParameterizedTest
    @CsvSource({
        "ApertusForCausalLM, apertus, default, 1, 14, 2",
        "ArceeForCausalLM, arcee, default, 1, 8, 2",
        "BaichuanForCausalLM, baichuan, default, 1, 7, 2",
        "BertForMaskedLM, bert, default, 6, 16, 4",
        "BertForSequenceClassification, bert, default, 6, 16, 4",
        "BertForTokenClassification, bert, default, 6, 16, 4",
        "BertModel, bert, default, 6, 16, 2",
        "ChatGLMModel, chatglm, default, 2, 7, 2",
        "CohereForCausalLM, cohere, default, 1, 10, 2",
        "Cohere2ForCausalLM, cohere2, default, 1, 8, 2",
        "DistilBertForMaskedLM, distilbert, default, 4, 16, 6",
        "DistilBertForSequenceClassification, distilbert, default, 4, 16, 4",
        "DistilBertForTokenClassification, distilbert, default, 4, 16, 2",
        "ExaoneForCausalLM, exaone, default, 1, 9, 2",
        "FalconForCausalLM, falcon, default, 1, 8, 3",
        "GemmaForCausalLM, gemma, default, 1, 9, 1",
        "Gemma2ForCausalLM, gemma2, default, 1, 11, 2",
        "Gemma3ForCausalLM, gemma3_text, default, 1, 13, 2",
        "Gemma3ForConditionalGeneration, gemma3, text_decoder, 1, 13, 2",
        "Gemma3ForConditionalGeneration, gemma3, multi_modal_projector, 2, 0, 0",
        "Gemma3ForConditionalGeneration, gemma3, vision_tower, 3, 16, 2",
        "Glm4ForCausalLM, glm4, default, 1, 13, 2",
        "GPTNeoXForCausalLM, gpt_neox, default, 1, 15, 3",
        "GPT2ForSequenceClassification, gpt2, default, 2, 12, 3",
        "GPT2LMHeadModel, gpt2, default, 2, 12, 3",
        "GPTBigCodeForCausalLM, gpt_bigcode, default, 2, 12, 3",
        "GraniteForCausalLM, granite, default, 1, 16, 2",
        "GraniteMoeHybridForCausalLM, granitemoehybrid, default, 1, 19, 2",
        "InternLM2ForCausalLM, internlm2, default, 1, 7, 2",
        "JAISLMHeadModel, jais, default, 2, 14, 2",
        "Lfm2ForCausalLM, lfm2, default, 2, 14, 1",
        "LlamaForSequenceClassification, llama, default, 1, 9, 3",
        "LlamaForCausalLM, llama, default, 1, 9, 2",
        "LLaMaForCausalLM, llama, default, 1, 9, 2",
        "Llama4ForConditionalGeneration, llama4, text_decoder, 1, 15, 2",
        "Llama4ForConditionalGeneration, llama4, multi_modal_projector, 1, 0, 0",
        "Llama4ForConditionalGeneration, llama4, vision_model, 5, 16, 4",
        "MambaForCausalLM, mamba, default, 1, 10, 2",
        "MistralForCausalLM, mistral, default, 1, 9, 2",
        "Mistral3ForConditionalGeneration, mistral3, text_decoder, 1, 9, 2",
        "Mistral3ForConditionalGeneration, mistral3, multi_modal_projector, 4, 0, 0",
        "Mistral3ForConditionalGeneration, mistral3, vision_tower, 2, 9, 0",
        "MixtralForCausalLM, mixtral, default, 1, 9, 2",
        "Olmo2ForCausalLM, olmo2, default, 1, 11, 2",
        "PhiForCausalLM, phi-msft, default, 1, 10, 4",
        "PhiForCausalLM, phi, default, 1, 14, 4",
        "Phi3SmallForCausalLM, phi3small, default, 1, 12, 3",
        "Phi3ForCausalLM, phi3, default, 1, 6, 2",
        "QWenLMHeadModel, qwen, default, 1, 8, 2",
        "Qwen2ForCausalLM, qwen2, default, 1, 12, 2",
        "Qwen2_5_VLForConditionalGeneration, qwen2_5_vl, text_decoder, 1, 12, 2",
        "Qwen2_5_VLForConditionalGeneration, qwen2_5_vl, vision_tower, 1, 12, 0",
        "Qwen2VLForConditionalGeneration, qwen2_vl, text_decoder, 1, 12, 2",
        "Qwen2VLForConditionalGeneration, qwen2_vl, vision_tower, 1, 12, 0",
        "Qwen3ForCausalLM, qwen3, default, 1, 11, 2",
        "Qwen3MoeForCausalLM, qwen3_moe, default, 1, 11, 2",
        "Qwen3VLMoeForConditionalGeneration, qwen3_vl_moe, text_decoder, 1, 11, 2",
        "Qwen3VLMoeForConditionalGeneration, qwen3_vl_moe, multi_modal_projector, 6, 6, 0",
        "Qwen3VLMoeForConditionalGeneration, qwen3_vl_moe, vision_tower, 3, 12, 0",
        "Qwen3VLForConditionalGeneration, qwen3_vl, text_decoder, 1, 11, 2",
        "RobertaForMaskedLM, roberta, default, 6, 16, 6",
        "RobertaForSequenceClassification, roberta, default, 6, 16, 4",
        "RobertaForTokenClassification, roberta, default, 6, 16, 2",
        "SolarForCausalLM, solar, default, 1, 9, 2",
        "StableLmForCausalLM, stablelm, default, 1, 14, 3",
        "Starcoder2ForCausalLM, starcoder2, default, 1, 16, 3",
        "T5ForConditionalGeneration, t5, decoder, 1, 15, 1",
        "T5ForConditionalGeneration, t5, encoder, 1, 10, 1",
        "T5ForConditionalGeneration, t5, shared, 1, 0, 1",
        "WhisperForConditionalGeneration, whisper, decoder, 2, 24, 2",
        "WhisperForConditionalGeneration, whisper, encoder, 5, 15, 2"
    })
    void theTableHasAsManyTensorsAsMergeKits(
            String name, String modelType, String module, int before, int each, int after) {
        ArchitectureModule found = Architectures.find(name, modelType)
                .flatMap(architecture -> architecture.module(module))
                .orElseThrow();
        assertEquals(
                List.of(before, each, after),
                List.of(found.before().size(), found.each().size(), found.after().size()));
    }

    @Test
    void namesWithinAnArchitectureAreDifferent() {
        for (Architecture architecture : Architectures.all()) {
            Set<String> names = new HashSet<>();
            for (ArchitectureModule module : architecture.modules()) {
                Stream.of(module.before(), module.each(), module.after()).flatMap(List::stream).forEach(template ->
                        assertTrue(names.add(template.name()), architecture.name() + " has " + template.name() + " twice"));
            }
        }
    }

    @Test
    void onlyTensorsOfLayersHaveAnIndex() {
        for (Architecture architecture : Architectures.all()) {
            for (ArchitectureModule module : architecture.modules()) {
                Stream.concat(module.before().stream(), module.after().stream())
                        .forEach(template -> assertFalse(template.name().contains("${"), template.name()));
                module.each().forEach(template -> assertFalse(
                        template.ofLayer(3).name().contains("${") || !template.name().contains(TensorTemplate.LAYER),
                        template.name()));
                assertTrue(
                        module.fixedLayers() >= 0 || !module.layerKeys().isEmpty(),
                        architecture.name() + " does not say how many layers " + module.name() + " has");
            }
        }
    }

    @Test
    void everyDecoderHasVocabularyTensors() {
        for (Architecture architecture : Architectures.all()) {
            assertTrue(
                    architecture.modules().stream()
                            .flatMap(module -> Stream.concat(module.before().stream(), module.after().stream()))
                            .anyMatch(TensorTemplate::vocabulary),
                    architecture.name());
        }
    }

    @Test
    void aClassWithTwoLayoutsIsToldApartByItsModelType() {
        assertEquals("n_layer", keyOf("phi-msft"));
        assertEquals("num_hidden_layers", keyOf("phi"));
        assertEquals(Optional.empty(), Architectures.find("PhiForCausalLM", "other"));
    }

    private static String keyOf(String modelType) {
        return Architectures.find("PhiForCausalLM", modelType).orElseThrow().modules().getFirst().layerKeys().getFirst();
    }

    @Test
    void layerAliasesAndTiedNamesAreWhole() {
        TensorTemplate query = Architectures.find("BertModel", "bert").orElseThrow().modules().getFirst().each().getFirst();
        assertEquals(
                List.of("bert.encoder.layer.2.attention.self.query.weight"), query.ofLayer(2).aliases());
        TensorTemplate embeddings = Architectures.find("T5ForConditionalGeneration", "t5")
                .orElseThrow()
                .module("decoder")
                .orElseThrow()
                .before()
                .getFirst();
        assertEquals(List.of("shared.weight", "lm_head.weight", "encoder.embed_tokens.weight"), embeddings.tied());
    }

    @Test
    void theNumberOfLayersMayHaveAnOlderName() {
        ArchitectureModule module =
                Architectures.find("DistilBertForMaskedLM", "distilbert").orElseThrow().modules().getFirst();
        assertEquals(OptionalLong.of(6), module.layers(config("{\"n_layers\": 6}")));
        assertEquals(OptionalLong.empty(), module.layers(config("{}")));
    }

    @Test
    void anUnknownArchitectureIsReadOffItsCheckpoint() {
        List<StoredTensor> tensors = List.of(
                tensor("model.embed_tokens.weight", 57, 8),
                tensor("model.layers.0.mlp.weight", 8, 8),
                tensor("model.layers.1.mlp.weight", 8, 8),
                tensor("model.layers.1.extra.3.weight", 8),
                tensor("model.norm.weight", 8));
        Architecture architecture = ArchitectureInference.infer(
                "NewForCausalLM", config("{\"num_hidden_layers\": 2, \"vocab_size\": 57}"), List.of(tensors));
        ArchitectureModule module = architecture.modules().getFirst();
        assertEquals(1, architecture.modules().size());
        assertEquals(List.of("num_hidden_layers"), module.layerKeys());
        assertEquals(
                List.of("model.layers.${layer}.mlp.weight", "model.layers.${layer}.extra.3.weight"),
                module.each().stream().map(TensorTemplate::name).toList());
        assertEquals(List.of(false, true), module.each().stream().map(TensorTemplate::optional).toList());
        assertEquals(List.of(true, false), module.before().stream().map(TensorTemplate::vocabulary).toList());
    }

    @Test
    void prefixesOfAnUnknownArchitectureAreModules() {
        List<StoredTensor> tensors = new ArrayList<>();
        tensors.add(tensor("text.layers.0.w", 2));
        tensors.add(tensor("vision.blocks.0.w", 2));
        tensors.add(tensor("projector.weight", 2));
        Architecture architecture = ArchitectureInference.infer("New", config("{}"), List.of(tensors));
        assertEquals(
                List.of("text.layers", "vision.blocks", "default"),
                architecture.modules().stream().map(ArchitectureModule::name).toList());
    }

    private static StoredTensor tensor(String name, long... shape) {
        long bytes = 2;
        for (long size : shape) {
            bytes *= size;
        }
        return new StoredTensor(name, "model.safetensors", DType.BF16, shape, 100, bytes);
    }

    private static ModelConfig config(String json) {
        return ModelConfig.parse("model", json.getBytes(StandardCharsets.UTF_8));
    }
}
