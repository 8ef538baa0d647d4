package io.amalgam.stack;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Llama models of random bfloat16 weights: as large as one needs them, the same bytes for the same seed. */
public final class GeneratedModels {
    private static final int BLOCK = 8 << 20;
    private static final int HEAD = 64;

    /**
     * How large a model is.
     *
     * @param hidden width, a multiple of 64
     * @param intermediate width of the feed-forward layers
     * @param layers how many
     * @param vocabulary how many tokens
     */
    public record Shape(int hidden, int intermediate, int layers, int vocabulary) {

        /** About 0.54 GB. */
        public static final Shape HALF_GIGABYTE = new Shape(1024, 2816, 16, 32_000);
    }

    private GeneratedModels() {
    }

    /**
     * Writes a model into a folder, which is made.
     *
     * @return its bytes
     */
    public static long write(Path folder, Shape shape, long seed) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": %d,
                 "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
                 "num_key_value_heads": %d, "vocab_size": %d, "max_position_embeddings": 2048,
                 "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": false,
                 "torch_dtype": "bfloat16"}
                """.formatted(shape.hidden(), shape.intermediate(), shape.layers(), shape.hidden() / HEAD,
                shape.hidden() / HEAD, shape.vocabulary()));
        List<TensorHeader> tensors = tensors(shape);
        byte[] header = SafetensorsWriter.header(tensors);
        long bytes = 0;
        for (TensorHeader tensor : tensors) {
            bytes += tensor.bytes();
        }
        try (FileChannel file = FileChannel.open(folder.resolve("model.safetensors"),
                StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeAll(file, ByteBuffer.wrap(header));
            SplittableRandom random = new SplittableRandom(seed);
            ByteBuffer block = ByteBuffer.allocateDirect(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
            for (long left = bytes; left > 0; left -= block.limit()) {
                block.clear().limit((int) Math.min(BLOCK, left));
                while (block.remaining() >= Long.BYTES) {
                    block.putLong(weights(random.nextLong()));
                }
                while (block.hasRemaining()) {
                    block.put((byte) 0);
                }
                writeAll(file, block.flip());
            }
        }
        return header.length + bytes;
    }

    /** Four bfloat16 numbers of either sign between 2⁻⁸ and 2⁻⁴: what weights look like, and never an infinity. */
    private static long weights(long random) {
        return random & 0x81FF_81FF_81FF_81FFL | 0x3C00_3C00_3C00_3C00L;
    }

    private static void writeAll(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    private static List<TensorHeader> tensors(Shape shape) {
        List<TensorHeader> tensors = new ArrayList<>();
        add(tensors, "model.embed_tokens.weight", shape.vocabulary(), shape.hidden());
        add(tensors, "lm_head.weight", shape.vocabulary(), shape.hidden());
        add(tensors, "model.norm.weight", shape.hidden());
        for (int layer = 0; layer < shape.layers(); layer++) {
            String prefix = "model.layers." + layer + ".";
            for (String projection : List.of("q", "k", "v", "o")) {
                add(tensors, prefix + "self_attn." + projection + "_proj.weight", shape.hidden(), shape.hidden());
            }
            add(tensors, prefix + "mlp.gate_proj.weight", shape.intermediate(), shape.hidden());
            add(tensors, prefix + "mlp.up_proj.weight", shape.intermediate(), shape.hidden());
            add(tensors, prefix + "mlp.down_proj.weight", shape.hidden(), shape.intermediate());
            add(tensors, prefix + "input_layernorm.weight", shape.hidden());
            add(tensors, prefix + "post_attention_layernorm.weight", shape.hidden());
        }
        tensors.sort((left, right) -> SafetensorsWriter.compareInFile(
                left.dtype(), left.name(), right.dtype(), right.name()));
        return tensors;
    }

    private static void add(List<TensorHeader> tensors, String name, long... shape) {
        tensors.add(new TensorHeader(name, DType.BF16, shape));
    }
}
