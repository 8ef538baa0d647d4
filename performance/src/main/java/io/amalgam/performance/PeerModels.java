package io.amalgam.performance;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Models to measure with: a base and five fine-tunes of Llama architecture, random bfloat16 weights, with layers of a known
 * shape and as many of them as the wanted size takes.
 */
final class PeerModels {
    /** Number of fine-tunes. */
    static final int FINE_TUNES = 5;

    private static final double BASE_DEVIATION = 0.02;
    private static final double CHANGE_DEVIATION = 0.002;
    /** Sums of so many bytes are nearly normally distributed. */
    private static final int UNIFORMS = 4;

    /**
     * The shape of a model's layers.
     *
     * @param hidden size of the residual stream
     * @param intermediate size of the feed-forward part
     * @param keyValue size of keys and of values
     * @param vocabulary size of the vocabulary
     */
    record Shape(int hidden, int intermediate, int keyValue, int vocabulary) {
        /** Of a model of half a billion parameters. */
        static final Shape HALF_BILLION = new Shape(896, 4864, 128, 32_000);
        /** Of a model of eight billion parameters, but for a small vocabulary. */
        static final Shape EIGHT_BILLION = new Shape(4096, 14_336, 1024, 1024);
        /** Size of an attention head. */
        static final int HEAD = 64;
    }

    private PeerModels() {
    }

    /** Names of the models: {@code base}, then {@code m0} and so on. */
    static List<String> names() {
        List<String> names = new ArrayList<>(List.of("base"));
        for (int model = 0; model < FINE_TUNES; model++) {
            names.add("m" + model);
        }
        return names;
    }

    private static List<TensorHeader> tensors(Shape shape, int layers) {
        List<TensorHeader> tensors = new ArrayList<>();
        add(tensors, "lm_head.weight", shape.vocabulary(), shape.hidden());
        add(tensors, "model.embed_tokens.weight", shape.vocabulary(), shape.hidden());
        for (int layer = 0; layer < layers; layer++) {
            String prefix = "model.layers." + layer + ".";
            add(tensors, prefix + "input_layernorm.weight", shape.hidden());
            add(tensors, prefix + "mlp.down_proj.weight", shape.hidden(), shape.intermediate());
            add(tensors, prefix + "mlp.gate_proj.weight", shape.intermediate(), shape.hidden());
            add(tensors, prefix + "mlp.up_proj.weight", shape.intermediate(), shape.hidden());
            add(tensors, prefix + "post_attention_layernorm.weight", shape.hidden());
            add(tensors, prefix + "self_attn.k_proj.weight", shape.keyValue(), shape.hidden());
            add(tensors, prefix + "self_attn.o_proj.weight", shape.hidden(), shape.hidden());
            add(tensors, prefix + "self_attn.q_proj.weight", shape.hidden(), shape.hidden());
            add(tensors, prefix + "self_attn.v_proj.weight", shape.keyValue(), shape.hidden());
        }
        add(tensors, "model.norm.weight", shape.hidden());
        tensors.sort((left, right) ->
                SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
        return tensors;
    }

    private static void add(List<TensorHeader> tensors, String name, long... shape) {
        tensors.add(new TensorHeader(name, DType.BF16, shape));
    }

    private static long parameters(Shape shape, int layers) {
        return tensors(shape, layers).stream().mapToLong(tensor -> tensor.bytes() / 2).sum();
    }

    /**
     * Makes the models in a folder, unless they are there.
     *
     * @return how many parameters each has
     */
    static long make(Path folder, Shape shape, double billions) throws IOException {
        int layers = 1;
        while (parameters(shape, layers) < billions * 1e9) {
            layers++;
        }
        for (int model = 0; model < names().size(); model++) {
            Path target = folder.resolve(names().get(model));
            if (!Files.exists(target.resolve("config.json"))) {
                Files.createDirectories(target);
                write(target.resolve("model.safetensors"), tensors(shape, layers), model);
                Files.writeString(target.resolve("config.json"), configuration(shape, layers));
            }
        }
        return parameters(shape, layers);
    }

    private static void write(Path file, List<TensorHeader> tensors, int model) throws IOException {
        SplittableRandom base = new SplittableRandom(1);
        SplittableRandom change = new SplittableRandom(100 + model);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            out.write(SafetensorsWriter.header(tensors));
            byte[] buffer = new byte[1 << 16];
            for (TensorHeader tensor : tensors) {
                for (long left = tensor.bytes(); left > 0; left -= buffer.length) {
                    int length = (int) Math.min(left, buffer.length);
                    for (int i = 0; i < length; i += 2) {
                        double value = normal(base) * BASE_DEVIATION;
                        value += model == 0 ? 0 : normal(change) * CHANGE_DEVIATION;
                        int bits = Float.floatToRawIntBits((float) value) + 0x8000 >>> 16;
                        buffer[i] = (byte) bits;
                        buffer[i + 1] = (byte) (bits >>> 8);
                    }
                    out.write(buffer, 0, length);
                }
            }
        }
    }

    /** Nearly normal, of deviation 1, by the sum of four uniform numbers from one draw. */
    private static double normal(SplittableRandom random) {
        long bits = random.nextLong();
        double sum = 0;
        for (int i = 0; i < UNIFORMS; i++) {
            sum += (bits >>> 16 * i & 0xFFFF) / 65536.0 - 0.5;
        }
        return sum * Math.sqrt(12.0 / UNIFORMS);
    }

    private static String configuration(Shape shape, int layers) {
        return """
                {
                  "architectures": ["LlamaForCausalLM"],
                  "dtype": "bfloat16",
                  "hidden_act": "silu",
                  "hidden_size": %d,
                  "intermediate_size": %d,
                  "max_position_embeddings": 2048,
                  "model_type": "llama",
                  "num_attention_heads": %d,
                  "num_hidden_layers": %d,
                  "num_key_value_heads": %d,
                  "rms_norm_eps": 1e-06,
                  "tie_word_embeddings": false,
                  "vocab_size": %d
                }
                """
                .formatted(
                        shape.hidden(),
                        shape.intermediate(),
                        shape.hidden() / Shape.HEAD,
                        layers,
                        shape.keyValue() / Shape.HEAD,
                        shape.vocabulary());
    }
}
