package io.amalgam.evaluation.inference;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A decoder's weights: matrices packed for multiplication, vectors as float arrays.
 *
 * <p>bfloat16 stays bfloat16; float16 is held as float32, which represents it exactly. Every tensor of the checkpoint has
 * to have a place in the forward pass: one without is a sign of a model that computes something else.
 */
final class DecoderWeights implements AutoCloseable {

    /**
     * The weights of one layer. Biases and norms that the model does not have are null.
     *
     * @param attentionNorm norm before attention
     * @param queryKeyValue projections to queries, keys and values, one below the other
     * @param queryKeyValueBias their biases
     * @param queryNorm norm of each query head
     * @param keyNorm norm of each key head
     * @param output projection behind attention
     * @param outputBias its bias
     * @param attentionOutputNorm norm behind attention (Gemma 2)
     * @param feedForwardNorm norm before the feed-forward layer
     * @param gateUp gate and up projections, one below the other
     * @param gateUpBias their biases
     * @param down projection back to the hidden size
     * @param downBias its bias
     * @param feedForwardOutputNorm norm behind the feed-forward layer (Gemma 2)
     */
    record Layer(
            float[] attentionNorm,
            PackedMatrix queryKeyValue,
            float[] queryKeyValueBias,
            float[] queryNorm,
            float[] keyNorm,
            PackedMatrix output,
            float[] outputBias,
            float[] attentionOutputNorm,
            float[] feedForwardNorm,
            PackedMatrix gateUp,
            float[] gateUpBias,
            PackedMatrix down,
            float[] downBias,
            float[] feedForwardOutputNorm) {
    }

    private final Arena arena;
    private final PackedMatrix embedding;
    private final PackedMatrix head;
    private final float[] finalNorm;
    private final List<Layer> layers;
    private final String typeName;

    private DecoderWeights(Arena arena, PackedMatrix embedding, PackedMatrix head, float[] finalNorm, List<Layer> layers,
            String typeName) {
        this.arena = arena;
        this.embedding = embedding;
        this.head = head;
        this.finalNorm = finalNorm;
        this.layers = layers;
        this.typeName = typeName;
    }

    /**
     * Reads all weights of a model.
     *
     * @throws AmalgamException with {@code TENSOR_MISSING}, {@code SHAPE_MISMATCH}, {@code DTYPE_UNSUPPORTED}, or
     *     {@code INFERENCE_UNSUPPORTED} for a tensor that the forward pass has no use for
     */
    static DecoderWeights read(Checkpoint checkpoint, DecoderConfiguration configuration, WorkerTeam team)
            throws IOException {
        Arena arena = Arena.ofShared();
        try (Loader loader = new Loader(checkpoint, arena, team, configuration.family().gemma())) {
            int hidden = configuration.hiddenSize();
            int queries = configuration.querySize();
            int keyValues = configuration.keyValueSize();
            int intermediate = configuration.intermediateSize();
            int headDimension = configuration.headDimension();
            boolean sandwich = configuration.family().sandwichNorms();
            PackedMatrix embedding = loader.matrix(hidden, Map.entry("model.embed_tokens.weight",
                    configuration.vocabularySize()));
            List<Layer> layers = new ArrayList<>();
            for (int layer = 0; layer < configuration.layers(); layer++) {
                String prefix = "model.layers." + layer + ".";
                String attention = prefix + "self_attn.";
                String feedForward = prefix + "mlp.";
                layers.add(new Layer(
                        loader.norm(prefix + "input_layernorm.weight", hidden),
                        loader.matrix(hidden, Map.entry(attention + "q_proj.weight", queries),
                                Map.entry(attention + "k_proj.weight", keyValues),
                                Map.entry(attention + "v_proj.weight", keyValues)),
                        !configuration.queryKeyValueBias() ? null : loader.vector(
                                Map.entry(attention + "q_proj.bias", queries),
                                Map.entry(attention + "k_proj.bias", keyValues),
                                Map.entry(attention + "v_proj.bias", keyValues)),
                        !configuration.family().queryKeyNorm() ? null
                                : loader.norm(attention + "q_norm.weight", headDimension),
                        !configuration.family().queryKeyNorm() ? null
                                : loader.norm(attention + "k_norm.weight", headDimension),
                        loader.matrix(queries, Map.entry(attention + "o_proj.weight", hidden)),
                        !configuration.outputBias() ? null
                                : loader.vector(Map.entry(attention + "o_proj.bias", hidden)),
                        !sandwich ? null : loader.norm(prefix + "post_attention_layernorm.weight", hidden),
                        loader.norm(prefix + (sandwich ? "pre_feedforward_layernorm.weight"
                                : "post_attention_layernorm.weight"), hidden),
                        loader.matrix(hidden, Map.entry(feedForward + "gate_proj.weight", intermediate),
                                Map.entry(feedForward + "up_proj.weight", intermediate)),
                        !configuration.feedForwardBias() ? null : loader.vector(
                                Map.entry(feedForward + "gate_proj.bias", intermediate),
                                Map.entry(feedForward + "up_proj.bias", intermediate)),
                        loader.matrix(intermediate, Map.entry(feedForward + "down_proj.weight", hidden)),
                        !configuration.feedForwardBias() ? null
                                : loader.vector(Map.entry(feedForward + "down_proj.bias", hidden)),
                        !sandwich ? null : loader.norm(prefix + "post_feedforward_layernorm.weight", hidden)));
            }
            float[] finalNorm = loader.norm("model.norm.weight", hidden);
            PackedMatrix head = configuration.tiedEmbeddings() ? embedding
                    : loader.matrix(hidden, Map.entry("lm_head.weight", configuration.vocabularySize()));
            loader.refuseUnused(configuration.tiedEmbeddings());
            return new DecoderWeights(arena, embedding, head, finalNorm, List.copyOf(layers), loader.typeName());
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** One row a token of the vocabulary. */
    PackedMatrix embedding() {
        return embedding;
    }

    /** The output head; the embedding itself where they are tied. */
    PackedMatrix head() {
        return head;
    }

    /** The norm before the head. */
    float[] finalNorm() {
        return finalNorm;
    }

    /** The layers, from the embedding up. */
    List<Layer> layers() {
        return layers;
    }

    /** The type that the checkpoint stores, as torch names it; several joined by {@code +}. */
    String typeName() {
        return typeName;
    }

    @Override
    public void close() {
        arena.close();
    }

    private static final class Loader implements AutoCloseable {
        private static final long BLOCK_BYTES = 8 << 20;
        private static final ValueLayout.OfShort SHORT =
                ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final Checkpoint checkpoint;
        private final Arena arena;
        private final WorkerTeam team;
        private final boolean onePlusNorm;
        private final Map<String, RangeReader> readers = new HashMap<>();
        private final Set<String> used = new HashSet<>();
        private final Set<String> types = new java.util.TreeSet<>();
        private final Arena bufferArena = Arena.ofShared();
        private MemorySegment buffer = bufferArena.allocate(BLOCK_BYTES, 64);

        Loader(Checkpoint checkpoint, Arena arena, WorkerTeam team, boolean onePlusNorm) {
            this.checkpoint = checkpoint;
            this.arena = arena;
            this.team = team;
            this.onePlusNorm = onePlusNorm;
        }

        /** Packs tensors of the same width, given with their rows, one below the other. */
        @SafeVarargs
        final PackedMatrix matrix(int columns, Map.Entry<String, Integer>... tensors) throws IOException {
            int rows = 0;
            boolean half = true;
            for (Map.Entry<String, Integer> tensor : tensors) {
                rows += tensor.getValue();
                half &= find(tensor.getKey(), tensor.getValue(), columns).dtype() == DType.BF16;
            }
            PackedMatrix matrix = new PackedMatrix(arena, rows, columns, half);
            int first = 0;
            for (Map.Entry<String, Integer> tensor : tensors) {
                fill(matrix, first, find(tensor.getKey(), tensor.getValue(), columns));
                first += tensor.getValue();
            }
            return matrix;
        }

        /**
         * Copies a tensor into rows of a matrix. Blocks begin where panels begin, because two rows share a word and no
         * two threads may write one.
         */
        private void fill(PackedMatrix matrix, int firstRow, StoredTensor tensor) throws IOException {
            int columns = matrix.columns();
            int rows = (int) (tensor.elements() / columns);
            long rowBytes = (long) columns * tensor.dtype().bytes();
            int row = 0;
            while (row < rows) {
                int wanted = (int) Math.max(PackedMatrix.PANEL, BLOCK_BYTES / rowBytes / PackedMatrix.PANEL * PackedMatrix.PANEL);
                int alignment = (firstRow + row) % PackedMatrix.PANEL;
                int count = Math.min(wanted - alignment, rows - row);
                long bytes = count * rowBytes;
                if (buffer.byteSize() < bytes) {
                    buffer = bufferArena.allocate(bytes, 64);
                }
                MemorySegment block = buffer.asSlice(0, bytes);
                reader(tensor.file()).read(tensor.position() + row * rowBytes, block);
                int start = firstRow + row;
                int firstPanel = start / PackedMatrix.PANEL;
                int lastPanel = (start + count - 1) / PackedMatrix.PANEL;
                team.run(lastPanel - firstPanel + 1, (task, worker) -> {
                    int from = Math.max(start, (firstPanel + task) * PackedMatrix.PANEL);
                    int to = Math.min(start + count, (firstPanel + task + 1) * PackedMatrix.PANEL);
                    if (matrix.half() && to - from == PackedMatrix.PANEL) {
                        matrix.setPanel(firstPanel + task, block, (from - start) * rowBytes);
                        return;
                    }
                    for (int r = from; r < to; r++) {
                        long source = (r - start) * rowBytes;
                        for (int column = 0; column < columns; column++) {
                            matrix.set(r, column, bits(block, source, column, tensor.dtype()));
                        }
                    }
                });
                row += count;
            }
        }

        /** Reads a norm's weight, as what the normalised value is multiplied by. */
        float[] norm(String name, int length) throws IOException {
            float[] weight = vector(Map.entry(name, length));
            if (onePlusNorm) {
                for (int i = 0; i < length; i++) {
                    weight[i] += 1;
                }
            }
            return weight;
        }

        /** Reads one-dimensional tensors, one behind the other. */
        @SafeVarargs
        final float[] vector(Map.Entry<String, Integer>... tensors) throws IOException {
            float[] values = new float[0];
            for (Map.Entry<String, Integer> entry : tensors) {
                StoredTensor tensor = find(entry.getKey(), entry.getValue());
                int offset = values.length;
                values = Arrays.copyOf(values, offset + entry.getValue());
                try (Arena temporary = Arena.ofConfined()) {
                    MemorySegment bytes = temporary.allocate(tensor.bytes(), 8);
                    reader(tensor.file()).read(tensor.position(), bytes);
                    for (int i = 0; i < entry.getValue(); i++) {
                        values[offset + i] = Float.intBitsToFloat(bits(bytes, 0, i, tensor.dtype()));
                    }
                }
            }
            return values;
        }

        private static int bits(MemorySegment source, long offset, int index, DType dtype) {
            return switch (dtype) {
                case BF16 -> source.get(SHORT, offset + 2L * index) << 16;
                case F16 -> Float.floatToRawIntBits(Float.float16ToFloat(source.get(SHORT, offset + 2L * index)));
                default -> source.get(INT, offset + 4L * index);
            };
        }

        private StoredTensor find(String name, long... shape) {
            StoredTensor tensor = checkpoint.find(name).orElseThrow(() -> new AmalgamException(ErrorCode.TENSOR_MISSING,
                    "Model " + checkpoint.snapshot().reference() + " lacks the tensor '" + name
                            + "', which its config.json calls for."));
            if (!Arrays.equals(tensor.shape(), shape)) {
                throw new AmalgamException(ErrorCode.SHAPE_MISMATCH, "Tensor '" + name + "' of "
                        + checkpoint.snapshot().reference() + " has shape " + Arrays.toString(tensor.shape())
                        + ", but config.json calls for " + Arrays.toString(shape) + ".");
            }
            if (tensor.dtype() != DType.BF16 && tensor.dtype() != DType.F16 && tensor.dtype() != DType.F32) {
                throw new AmalgamException(ErrorCode.DTYPE_UNSUPPORTED, "Tensor '" + name + "' of "
                        + checkpoint.snapshot().reference() + " is " + tensor.dtype().torchName()
                        + "; our forward pass reads bfloat16, float16 and float32.");
            }
            used.add(name);
            types.add(tensor.dtype().torchName());
            return tensor;
        }

        /** Refuses tensors that were not asked for, but for those that transformers ignores too. */
        void refuseUnused(boolean tied) {
            for (String name : checkpoint.names()) {
                boolean ignored = name.endsWith(".rotary_emb.inv_freq") || tied && name.equals("lm_head.weight");
                if (!ignored && !used.contains(name)) {
                    throw new AmalgamException(ErrorCode.INFERENCE_UNSUPPORTED, "Model "
                            + checkpoint.snapshot().reference() + " has a tensor '" + name
                            + "' that its config.json does not account for; our forward pass would ignore it.");
                }
            }
        }

        String typeName() {
            return String.join("+", types);
        }

        private RangeReader reader(String file) throws IOException {
            RangeReader reader = readers.get(file);
            if (reader == null) {
                reader = checkpoint.snapshot().open(file);
                readers.put(file, reader);
            }
            return reader;
        }

        @Override
        public void close() throws IOException {
            bufferArena.close();
            for (RangeReader reader : readers.values()) {
                reader.close();
            }
        }
    }
}
