package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.json.StrictJson;
import java.util.List;
import java.util.Locale;

/**
 * What {@code config.json} says about a decoder, in the dialects of transformers 4 and 5.
 *
 * <p>Only what is computed exactly is accepted. Everything else that could change a logit is refused by name: a wrong
 * score is worse than none.
 *
 * @param family the architecture
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width of the feed-forward layer
 * @param layers number of layers
 * @param heads number of query heads
 * @param keyValueHeads number of key and value heads; divides {@code heads}
 * @param headDimension width of a head
 * @param vocabularySize rows of the embedding
 * @param normEpsilon added to the mean square in RMS norms
 * @param activation of the feed-forward gate
 * @param queryKeyValueBias whether the projections to queries, keys and values have biases
 * @param outputBias whether the projection behind attention has a bias
 * @param feedForwardBias whether the projections of the feed-forward layer have biases
 * @param tiedEmbeddings whether the output head is the embedding
 * @param windows per layer how many keys a query sees, itself included; 0 means all before it
 * @param attentionScale factor on the products of queries and keys
 * @param attentionSoftcap bound on attention scores, or 0
 * @param logitSoftcap bound on logits, or 0
 * @param embeddingScale factor on embeddings
 * @param rotary rotary position embedding
 * @param maximumLength most tokens of a sequence
 */
record DecoderConfiguration(
        Family family,
        int hiddenSize,
        int intermediateSize,
        int layers,
        int heads,
        int keyValueHeads,
        int headDimension,
        int vocabularySize,
        double normEpsilon,
        Activation activation,
        boolean queryKeyValueBias,
        boolean outputBias,
        boolean feedForwardBias,
        boolean tiedEmbeddings,
        List<Integer> windows,
        float attentionScale,
        float attentionSoftcap,
        float logitSoftcap,
        float embeddingScale,
        RotaryEmbedding rotary,
        int maximumLength) {

    /** The architectures whose forward pass is known. */
    enum Family {
        LLAMA("LlamaForCausalLM"),
        MISTRAL("MistralForCausalLM"),
        QWEN2("Qwen2ForCausalLM"),
        QWEN3("Qwen3ForCausalLM"),
        GEMMA("GemmaForCausalLM"),
        GEMMA2("Gemma2ForCausalLM");

        private final String architecture;

        Family(String architecture) {
            this.architecture = architecture;
        }

        /** Gemma's norms multiply by one plus their weight, and its embeddings are scaled. */
        boolean gemma() {
            return this == GEMMA || this == GEMMA2;
        }

        /** Whether queries and keys are normalised head by head. */
        boolean queryKeyNorm() {
            return this == QWEN3;
        }

        /** Whether attention and feed-forward have a norm behind them too. */
        boolean sandwichNorms() {
            return this == GEMMA2;
        }
    }

    /** Activation functions of the gate. */
    enum Activation {
        /** x · sigmoid(x). */
        SILU,
        /** The tanh approximation of GELU. */
        GELU_TANH
    }

    /** The most any size may be: beyond it, something is wrong with the file. */
    private static final int SIZE_LIMIT = 1 << 24;

    /**
     * Reads a configuration.
     *
     * @param content of {@code config.json}
     * @param model names the model in messages
     * @throws AmalgamException with {@code INFERENCE_UNSUPPORTED} if the model is not one that is computed exactly, or
     *     {@code MODEL_UNREADABLE} if a value is missing or makes no sense
     */
    static DecoderConfiguration parse(byte[] content, String model) {
        return new Parser(StrictJson.object(content, "config.json of " + model, ErrorCode.MODEL_UNREADABLE), model).parse();
    }

    /** Query heads that share one key and value head. */
    int groupSize() {
        return heads / keyValueHeads;
    }

    /** Width of all queries together. */
    int querySize() {
        return heads * headDimension;
    }

    /** Width of all keys, or all values, together. */
    int keyValueSize() {
        return keyValueHeads * headDimension;
    }

    private static final class Parser {
        private final ObjectNode config;
        private final String model;

        Parser(ObjectNode config, String model) {
            this.config = config;
            this.model = model;
        }

        DecoderConfiguration parse() {
            Family family = family();
            refuseWhatChangesLogits();
            int hiddenSize = size("hidden_size");
            int heads = size("num_attention_heads");
            int keyValueHeads = present("num_key_value_heads") ? size("num_key_value_heads") : heads;
            if (heads % keyValueHeads != 0) {
                throw unreadable("num_attention_heads (" + heads + ") is not a multiple of num_key_value_heads ("
                        + keyValueHeads + ")");
            }
            int headDimension = present("head_dim") ? size("head_dim") : defaultHeadDimension(family, hiddenSize, heads);
            if (headDimension % 2 != 0) {
                throw unsupported("an odd head_dim (" + headDimension + ")");
            }
            int layers = size("num_hidden_layers");
            int maximumLength = size("max_position_embeddings");
            double scaleBase = family == Family.GEMMA2 ? number("query_pre_attn_scalar", 256) : headDimension;
            boolean attentionBias = flag("attention_bias", false);
            return new DecoderConfiguration(
                    family,
                    hiddenSize,
                    size("intermediate_size"),
                    layers,
                    heads,
                    keyValueHeads,
                    headDimension,
                    size("vocab_size"),
                    number("rms_norm_eps", 1e-6),
                    activation(family),
                    family == Family.QWEN2 || (family != Family.MISTRAL && attentionBias),
                    family != Family.QWEN2 && family != Family.MISTRAL && attentionBias,
                    family == Family.LLAMA && flag("mlp_bias", false),
                    flag("tie_word_embeddings", family.gemma()),
                    windows(family, layers),
                    (float) (1 / Math.sqrt(scaleBase)),
                    family == Family.GEMMA2 ? softcap("attn_logit_softcapping", 50) : 0,
                    family == Family.GEMMA2 ? softcap("final_logit_softcapping", 30) : 0,
                    family.gemma() ? (float) Math.sqrt(hiddenSize) : 1,
                    rotary(headDimension),
                    maximumLength);
        }

        private Family family() {
            String type = text("model_type", null);
            if (type == null) {
                throw unreadable("it has no model_type");
            }
            Family family = null;
            for (Family candidate : Family.values()) {
                if (candidate.name().toLowerCase(Locale.ROOT).equals(type)) {
                    family = candidate;
                }
            }
            if (family == null) {
                throw unsupported("model_type '" + type + "'");
            }
            JsonNode architectures = config.get("architectures");
            if (architectures != null && architectures.isArray() && !architectures.isEmpty()
                    && !architectures.get(0).asText().equals(family.architecture)) {
                throw unsupported("architecture '" + architectures.get(0).asText() + "' (expected " + family.architecture
                        + ")");
            }
            return family;
        }

        /** Keys of these families, or of their forks, that change the computation in a way that is not implemented. */
        private void refuseWhatChangesLogits() {
            if (present("quantization_config")) {
                throw unsupported("quantised weights (quantization_config)");
            }
            if (number("partial_rotary_factor", 1) != 1) {
                throw unsupported("partial_rotary_factor " + config.get("partial_rotary_factor"));
            }
            if (flag("use_bidirectional_attention", false)) {
                throw unsupported("use_bidirectional_attention");
            }
            for (String key : List.of("num_local_experts", "num_experts", "n_routed_experts", "clip_qkv", "logits_scaling",
                    "attention_multiplier", "embedding_multiplier", "residual_multiplier", "auto_map")) {
                if (present(key)) {
                    throw unsupported("the key '" + key + "' (" + config.get(key) + ")");
                }
            }
        }

        private static int defaultHeadDimension(Family family, int hiddenSize, int heads) {
            return switch (family) {
                case GEMMA, GEMMA2 -> 256;
                case QWEN3 -> 128;
                case LLAMA, MISTRAL, QWEN2 -> hiddenSize / heads;
            };
        }

        private Activation activation(Family family) {
            // Gemma 1 was published with "gelu" and always meant the tanh approximation; "hidden_activation" came later.
            String key = family.gemma() && present("hidden_activation") ? "hidden_activation" : "hidden_act";
            String name = text(key, family.gemma() ? "gelu_pytorch_tanh" : "silu");
            return switch (name) {
                case "silu" -> Activation.SILU;
                case "gelu_pytorch_tanh" -> Activation.GELU_TANH;
                case "gelu" -> {
                    if (family == Family.GEMMA) {
                        yield Activation.GELU_TANH;
                    }
                    throw unsupported(key + " 'gelu'");
                }
                default -> throw unsupported(key + " '" + name + "'");
            };
        }

        private List<Integer> windows(Family family, int layers) {
            Integer[] windows = new Integer[layers];
            java.util.Arrays.fill(windows, 0);
            int window = switch (family) {
                case LLAMA, GEMMA -> 0;
                case MISTRAL, GEMMA2 -> optionalSize("sliding_window", 4096);
                case QWEN2, QWEN3 -> flag("use_sliding_window", false) ? optionalSize("sliding_window", 4096) : 0;
            };
            JsonNode types = config.get("layer_types");
            boolean typed = types != null && !types.isNull();
            if (typed && (!types.isArray() || types.size() != layers)) {
                throw unreadable("layer_types must list " + layers + " layers");
            }
            if (typed && family != Family.QWEN2 && family != Family.QWEN3 && family != Family.GEMMA2) {
                throw unsupported("layer_types in a model of type " + family.name().toLowerCase(Locale.ROOT));
            }
            int firstWindowed = family == Family.QWEN2 || family == Family.QWEN3 ? optionalSize("max_window_layers", 28) : 0;
            for (int layer = 0; layer < layers; layer++) {
                boolean windowed;
                if (typed) {
                    String type = types.get(layer).asText();
                    windowed = switch (type) {
                        case "sliding_attention" -> true;
                        case "full_attention" -> false;
                        default -> throw unsupported("layer type '" + type + "'");
                    };
                    if (windowed && window == 0) {
                        throw unreadable("layer_types has sliding_attention, but no sliding_window is in use");
                    }
                } else {
                    windowed = switch (family) {
                        case LLAMA, GEMMA -> false;
                        case MISTRAL -> true;
                        case GEMMA2 -> layer % 2 == 0;
                        case QWEN2, QWEN3 -> layer >= firstWindowed;
                    };
                }
                windows[layer] = windowed ? window : 0;
            }
            return List.of(windows);
        }

        private RotaryEmbedding rotary(int headDimension) {
            JsonNode parameters = object("rope_parameters");
            JsonNode scaling = parameters != null ? parameters : object("rope_scaling");
            double theta = parameters != null && parameters.has("rope_theta")
                    ? parameters.get("rope_theta").asDouble()
                    : number("rope_theta", 10_000);
            if (!(theta > 0)) {
                throw unreadable("rope_theta must be positive, but is " + theta);
            }
            String type = "default";
            if (scaling != null) {
                if (scaling.has("full_attention") || scaling.has("sliding_attention")) {
                    throw unsupported("rope parameters by layer type");
                }
                JsonNode named = scaling.has("rope_type") ? scaling.get("rope_type") : scaling.get("type");
                if (named != null) {
                    type = named.asText();
                }
                if (scaling.path("partial_rotary_factor").asDouble(1) != 1) {
                    throw unsupported("partial_rotary_factor " + scaling.get("partial_rotary_factor"));
                }
            }
            return switch (type) {
                case "default" -> RotaryEmbedding.plain(headDimension, theta);
                case "linear" -> RotaryEmbedding.linear(headDimension, theta, scalingNumber(scaling, "factor"));
                case "llama3" -> RotaryEmbedding.llama3(headDimension, theta, scalingNumber(scaling, "factor"),
                        scalingNumber(scaling, "low_freq_factor"), scalingNumber(scaling, "high_freq_factor"),
                        scalingNumber(scaling, "original_max_position_embeddings"));
                default -> throw unsupported("rope type '" + type + "'");
            };
        }

        private double scalingNumber(JsonNode scaling, String key) {
            JsonNode node = scaling.get(key);
            if (node == null || !node.isNumber() || !(node.asDouble() > 0)) {
                throw unreadable("its rope scaling lacks a positive number '" + key + "'");
            }
            return node.asDouble();
        }

        private boolean present(String key) {
            JsonNode node = config.get(key);
            return node != null && !node.isNull();
        }

        private JsonNode object(String key) {
            JsonNode node = config.get(key);
            if (node == null || node.isNull()) {
                return null;
            }
            if (!node.isObject()) {
                throw unreadable("'" + key + "' must be an object");
            }
            return node;
        }

        private int size(String key) {
            JsonNode node = config.get(key);
            if (node == null || !node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1
                    || node.intValue() > SIZE_LIMIT) {
                throw unreadable("'" + key + "' must be a whole number from 1 to " + SIZE_LIMIT + ", but is "
                        + (node == null ? "missing" : node));
            }
            return node.intValue();
        }

        /** A size whose key may be missing (the default of transformers then holds) or null (0: not in use). */
        private int optionalSize(String key, int missing) {
            if (!config.has(key)) {
                return missing;
            }
            return present(key) ? (config.get(key).asInt(-1) == 0 ? 0 : size(key)) : 0;
        }

        private double number(String key, double missing) {
            JsonNode node = config.get(key);
            if (node == null || node.isNull()) {
                return missing;
            }
            if (!node.isNumber()) {
                throw unreadable("'" + key + "' must be a number, but is " + node);
            }
            return node.asDouble();
        }

        private float softcap(String key, double missing) {
            return config.has(key) && config.get(key).isNull() ? 0 : (float) number(key, missing);
        }

        private boolean flag(String key, boolean missing) {
            JsonNode node = config.get(key);
            if (node == null || node.isNull()) {
                return missing;
            }
            if (!node.isBoolean()) {
                throw unreadable("'" + key + "' must be true or false, but is " + node);
            }
            return node.booleanValue();
        }

        private String text(String key, String missing) {
            JsonNode node = config.get(key);
            if (node == null || node.isNull()) {
                return missing;
            }
            if (!node.isTextual()) {
                throw unreadable("'" + key + "' must be a string, but is " + node);
            }
            return node.textValue();
        }

        private AmalgamException unsupported(String what) {
            return new AmalgamException(ErrorCode.INFERENCE_UNSUPPORTED, "config.json of " + model + " asks for " + what
                    + ", which our forward pass does not compute; evaluate this model through an OpenAI-compatible"
                    + " completions endpoint such as vLLM.");
        }

        private AmalgamException unreadable(String what) {
            return new AmalgamException(ErrorCode.MODEL_UNREADABLE, "config.json of " + model + " cannot be used: " + what
                    + ".");
        }
    }
}
