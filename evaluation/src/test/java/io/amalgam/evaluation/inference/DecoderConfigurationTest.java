package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations are read in both dialects, and what is not computed exactly is refused by name. */
class DecoderConfigurationTest {
    private static final String SIZES = "'hidden_size': 64, 'intermediate_size': 96, 'num_hidden_layers': 4,"
            + " 'num_attention_heads': 4, 'num_key_value_heads': 2, 'vocab_size': 100, 'max_position_embeddings': 512";

    @Test
    void bothDialectsOfRotaryParametersMeanTheSame() {
        DecoderConfiguration five = parse("'model_type': 'llama', 'rope_parameters': {'rope_theta': 500000.0, 'rope_type':"
                + " 'llama3', 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,"
                + " 'original_max_position_embeddings': 64}");
        DecoderConfiguration four = parse("'model_type': 'llama', 'rope_theta': 500000.0, 'rope_scaling': {'type': 'llama3',"
                + " 'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,"
                + " 'original_max_position_embeddings': 64}");
        assertArrayEquals(turned(five.rotary()), turned(four.rotary()));
        DecoderConfiguration unscaled = parse("'model_type': 'llama', 'rope_theta': 500000.0, 'rope_scaling': null");
        assertFalse(java.util.Arrays.equals(turned(five.rotary()), turned(unscaled.rotary())));
    }

    private static float[] turned(RotaryEmbedding rotary) {
        rotary.prepare(400);
        float[] head = new float[16];
        java.util.Arrays.fill(head, 1);
        rotary.rotate(head, 0, 333);
        return head;
    }

    @Test
    void missingKeysMeanWhatTransformersTakesThemToMean() {
        assertEquals(List.of(4096, 4096, 4096, 4096), parse("'model_type': 'mistral'").windows());
        assertEquals(List.of(0, 0, 0, 0), parse("'model_type': 'mistral', 'sliding_window': null").windows());
        assertEquals(List.of(4096, 0, 4096, 0), parse("'model_type': 'gemma2'").windows());
        assertEquals(List.of(0, 0, 0, 0), parse("'model_type': 'qwen2', 'sliding_window': 16").windows());
        assertEquals(List.of(0, 0, 16, 16), parse("'model_type': 'qwen2', 'use_sliding_window': true, 'sliding_window': 16,"
                + " 'max_window_layers': 2").windows());
        assertEquals(16, parse("'model_type': 'llama'").headDimension());
        assertEquals(256, parse("'model_type': 'gemma'").headDimension());
        assertTrue(parse("'model_type': 'gemma'").tiedEmbeddings());
        assertFalse(parse("'model_type': 'llama'").tiedEmbeddings());
        assertEquals(DecoderConfiguration.Activation.GELU_TANH,
                parse("'model_type': 'gemma', 'hidden_act': 'gelu'").activation());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'model_type': 'phi3'                                                              | phi3
            'model_type': 'gemma3'                                                            | gemma3
            'model_type': 'mixtral'                                                           | mixtral
            'model_type': 'llama', 'architectures': ['LlamaForSequenceClassification']        | LlamaForSequenceClassification
            'model_type': 'llama', 'rope_scaling': {'rope_type': 'yarn', 'factor': 4.0}       | yarn
            'model_type': 'qwen2', 'rope_parameters': {'rope_type': 'dynamic', 'factor': 2.0} | dynamic
            'model_type': 'llama', 'quantization_config': {'quant_method': 'gptq'}            | quantization_config
            'model_type': 'llama', 'partial_rotary_factor': 0.5                               | partial_rotary_factor
            'model_type': 'llama', 'hidden_act': 'relu'                                       | relu
            'model_type': 'llama', 'num_local_experts': 8                                     | num_local_experts
            'model_type': 'llama', 'auto_map': {'AutoModel': 'x.Y'}                           | auto_map
            """, quoteCharacter = '`')
    void whatIsNotComputedExactlyIsRefusedByName(String keys, String named) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> parse(keys));
        assertEquals(ErrorCode.INFERENCE_UNSUPPORTED, refusal.code());
        assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            'hidden_act': 'silu'                                     | model_type
            'model_type': 'llama', 'rope_theta': 0                   | rope_theta
            'model_type': 'llama', 'rope_scaling': {'type':'linear'} | factor
            'model_type': 'llama', 'tie_word_embeddings': 'yes'      | tie_word_embeddings
            """, quoteCharacter = '`')
    void whatMakesNoSenseIsRefusedByName(String keys, String named) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> parse(keys));
        assertEquals(ErrorCode.MODEL_UNREADABLE, refusal.code());
        assertTrue(refusal.getMessage().contains(named), refusal.getMessage());
    }

    private static DecoderConfiguration parse(String keys) {
        String json = "{" + SIZES + ", " + keys + "}";
        return DecoderConfiguration.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "a model");
    }
}
