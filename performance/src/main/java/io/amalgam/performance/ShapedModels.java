package io.amalgam.performance;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Models of the shapes of large ones, for planning alone: configuration, shard index, and shards whose headers are real
 * and whose data is a hole in the file, so that 671 billion parameters take a few megabytes of disk.
 */
enum ShapedModels {
    /** Llama 3.3 70B: 80 layers, 723 tensors. */
    LLAMA_70B("llama-70b") {
        @Override
        List<TensorHeader> tensors() {
            Tensors tensors = new Tensors();
            tensors.add("model.embed_tokens.weight", 128_256, 8_192);
            for (int layer = 0; layer < 80; layer++) {
                String prefix = "model.layers." + layer + ".";
                tensors.add(prefix + "input_layernorm.weight", 8_192);
                tensors.add(prefix + "post_attention_layernorm.weight", 8_192);
                tensors.add(prefix + "self_attn.q_proj.weight", 8_192, 8_192);
                tensors.add(prefix + "self_attn.k_proj.weight", 1_024, 8_192);
                tensors.add(prefix + "self_attn.v_proj.weight", 1_024, 8_192);
                tensors.add(prefix + "self_attn.o_proj.weight", 8_192, 8_192);
                tensors.gatedMlp(prefix + "mlp.", 8_192, 28_672);
            }
            tensors.add("model.norm.weight", 8_192);
            tensors.add("lm_head.weight", 128_256, 8_192);
            return tensors.list;
        }

        @Override
        String configuration() {
            return """
                    {
                      "architectures": ["LlamaForCausalLM"],
                      "hidden_size": 8192,
                      "intermediate_size": 28672,
                      "model_type": "llama",
                      "num_attention_heads": 64,
                      "num_hidden_layers": 80,
                      "num_key_value_heads": 8,
                      "tie_word_embeddings": false,
                      "torch_dtype": "bfloat16",
                      "vocab_size": 128256
                    }
                    """;
        }
    },
    /** DeepSeek-V3 without its extra prediction layer: 61 layers, 58 of them with 256 routed experts, in bfloat16. */
    DEEPSEEK_V3("deepseek-v3") {
        private static final int HIDDEN = 7_168;

        @Override
        List<TensorHeader> tensors() {
            Tensors tensors = new Tensors();
            tensors.add("model.embed_tokens.weight", 129_280, HIDDEN);
            for (int layer = 0; layer < 61; layer++) {
                String prefix = "model.layers." + layer + ".";
                tensors.add(prefix + "input_layernorm.weight", HIDDEN);
                tensors.add(prefix + "post_attention_layernorm.weight", HIDDEN);
                tensors.add(prefix + "self_attn.q_a_proj.weight", 1_536, HIDDEN);
                tensors.add(prefix + "self_attn.q_a_layernorm.weight", 1_536);
                tensors.add(prefix + "self_attn.q_b_proj.weight", 24_576, 1_536);
                tensors.add(prefix + "self_attn.kv_a_proj_with_mqa.weight", 576, HIDDEN);
                tensors.add(prefix + "self_attn.kv_a_layernorm.weight", 512);
                tensors.add(prefix + "self_attn.kv_b_proj.weight", 32_768, 512);
                tensors.add(prefix + "self_attn.o_proj.weight", HIDDEN, 16_384);
                if (layer < 3) {
                    tensors.gatedMlp(prefix + "mlp.", HIDDEN, 18_432);
                    continue;
                }
                for (int expert = 0; expert < 256; expert++) {
                    tensors.gatedMlp(prefix + "mlp.experts." + expert + ".", HIDDEN, 2_048);
                }
                tensors.gatedMlp(prefix + "mlp.shared_experts.", HIDDEN, 2_048);
                tensors.add(prefix + "mlp.gate.weight", 256, HIDDEN);
                tensors.add(prefix + "mlp.gate.e_score_correction_bias", 256);
            }
            tensors.add("model.norm.weight", HIDDEN);
            tensors.add("lm_head.weight", 129_280, HIDDEN);
            return tensors.list;
        }

        @Override
        String configuration() {
            return """
                    {
                      "architectures": ["DeepseekV3ForCausalLM"],
                      "first_k_dense_replace": 3,
                      "hidden_size": 7168,
                      "model_type": "deepseek_v3",
                      "n_routed_experts": 256,
                      "num_hidden_layers": 61,
                      "tie_word_embeddings": false,
                      "torch_dtype": "bfloat16",
                      "vocab_size": 129280
                    }
                    """;
        }
    };

    /** Bytes of tensors in a shard, as uploaded models have them. */
    private static final long SHARD = 5_000_000_000L;

    /** Its name on the command line. */
    final String label;

    ShapedModels(String label) {
        this.label = label;
    }

    /** All its tensors, in the order in which they fill shards. */
    abstract List<TensorHeader> tensors();

    /** Its {@code config.json}. */
    abstract String configuration();

    /** A list of tensors in bfloat16. */
    private static final class Tensors {
        private final List<TensorHeader> list = new ArrayList<>();

        void add(String name, long... shape) {
            list.add(new TensorHeader(name, DType.BF16, shape));
        }

        void gatedMlp(String prefix, long hidden, long intermediate) {
            add(prefix + "gate_proj.weight", intermediate, hidden);
            add(prefix + "up_proj.weight", intermediate, hidden);
            add(prefix + "down_proj.weight", hidden, intermediate);
        }
    }

    /** Number of parameters. */
    long parameters() {
        return tensors().stream().mapToLong(tensor -> tensor.bytes() / DType.BF16.bytes()).sum();
    }

    /** Makes a model in a folder, unless it is there. */
    void make(Path folder) throws IOException {
        if (Files.exists(folder.resolve("config.json"))) {
            return;
        }
        Files.createDirectories(folder);
        List<List<TensorHeader>> shards = shards();
        StringBuilder index = new StringBuilder("{\"metadata\": {}, \"weight_map\": {");
        String separator = "";
        for (int shard = 0; shard < shards.size(); shard++) {
            String file = "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards.size());
            List<TensorHeader> tensors = new ArrayList<>(shards.get(shard));
            tensors.sort((left, right) ->
                    SafetensorsWriter.compareInFile(left.dtype(), left.name(), right.dtype(), right.name()));
            byte[] header = SafetensorsWriter.header(tensors);
            try (RandomAccessFile out = new RandomAccessFile(folder.resolve(file).toFile(), "rw")) {
                out.write(header);
                out.setLength(header.length + tensors.stream().mapToLong(TensorHeader::bytes).sum());
            }
            for (TensorHeader tensor : tensors) {
                index.append(separator).append('"').append(tensor.name()).append("\": \"").append(file).append('"');
                separator = ", ";
            }
        }
        Files.writeString(folder.resolve("model.safetensors.index.json"), index.append("}}\n"));
        Files.writeString(folder.resolve("config.json"), configuration());
    }

    private List<List<TensorHeader>> shards() {
        List<List<TensorHeader>> shards = new ArrayList<>();
        List<TensorHeader> current = new ArrayList<>();
        long bytes = 0;
        for (TensorHeader tensor : tensors()) {
            if (bytes + tensor.bytes() > SHARD && !current.isEmpty()) {
                shards.add(current);
                current = new ArrayList<>();
                bytes = 0;
            }
            current.add(tensor);
            bytes += tensor.bytes();
        }
        shards.add(current);
        return shards;
    }
}
