package io.amalgam.engine.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Compares two merged models as {@code golden/README.md} defines agreement. */
final class OutputComparison {

    private static final Set<String> ONE_ULP = Set.of("slerp", "nuslerp", "multislerp", "karcher");
    private static final List<String> CONFIG_KEYS = List.of(
            "architectures", "model_type", "dtype", "num_hidden_layers", "hidden_size", "intermediate_size",
            "num_attention_heads", "num_key_value_heads", "vocab_size");

    private OutputComparison() {
    }

    /**
     * Asserts that an output is what it must be.
     *
     * @param method of the recipe, which decides how close weights must be
     * @param parents folders of the recipe's models
     */
    static void assertAgrees(Path truth, Path output, String method, List<Path> parents) throws IOException {
        assertWeights(truth, output, method, parents);
        JsonNode expected = GoldenFolder.read(truth.resolve("config.json"));
        JsonNode actual = GoldenFolder.read(output.resolve("config.json"));
        for (String key : CONFIG_KEYS) {
            assertEquals(expected.get(key), actual.get(key), "config.json: " + key);
        }
        assertTokenizer(truth, output);
    }

    private static void assertTokenizer(Path truth, Path output) throws IOException {
        JsonNode expected = GoldenFolder.read(truth.resolve("tokenizer.json"));
        JsonNode actual = GoldenFolder.read(output.resolve("tokenizer.json"));
        for (String path : List.of("/model/vocab", "/model/merges", "/added_tokens")) {
            assertEquals(expected.at(path), actual.at(path), "tokenizer.json: " + path);
        }
        assertEquals(chatTemplate(truth), chatTemplate(output), "chat template");
    }

    private static String chatTemplate(Path folder) throws IOException {
        Path file = folder.resolve("chat_template.jinja");
        if (Files.exists(file)) {
            return Files.readString(file);
        }
        return GoldenFolder.read(folder.resolve("tokenizer_config.json")).path("chat_template").asText("");
    }

    private static void assertWeights(Path truth, Path output, String method, List<Path> parents) throws IOException {
        Map<String, Weights> expected = weights(truth);
        Map<String, Weights> actual = weights(output);
        assertEquals(expected.keySet(), actual.keySet(), "tensor names");
        List<String> differences = new ArrayList<>();
        List<Map<String, Weights>> parentWeights = new ArrayList<>();
        if (method.equals("arcee_fusion")) {
            for (Path parent : parents) {
                parentWeights.add(weights(parent));
            }
        }
        for (String name : expected.keySet()) {
            Weights left = expected.get(name);
            Weights right = actual.get(name);
            assertEquals(left.tensor.dtype(), right.tensor.dtype(), "type of " + name);
            assertEquals(
                    Arrays.toString(left.tensor.shape()), Arrays.toString(right.tensor.shape()), "shape of " + name);
            compare(name, left, right, method, parentWeights, differences);
        }
        assertTrue(differences.isEmpty(), () -> differences.size() + " tensors differ: " + String.join("; ",
                differences.subList(0, Math.min(5, differences.size()))));
    }

    private static void compare(
            String name,
            Weights expected,
            Weights actual,
            String method,
            List<Map<String, Weights>> parents,
            List<String> differences) {
        int different = 0;
        int first = -1;
        boolean tolerable = true;
        for (int i = 0; i < expected.elements(); i++) {
            if (expected.bits(i) == actual.bits(i)) {
                continue;
            }
            different++;
            first = first < 0 ? i : first;
            if (ONE_ULP.contains(method)) {
                tolerable &= Math.abs(expected.ordered(i) - actual.ordered(i)) <= 1;
            } else if (method.equals("arcee_fusion")) {
                int element = i;
                tolerable &= parents.stream().anyMatch(parent -> parent.get(name).value(element) == actual.value(element));
            } else {
                tolerable = false;
            }
        }
        double allowed = method.equals("arcee_fusion")
                ? Math.max(2, 0.002 * expected.elements())
                : Math.max(8, 0.005 * expected.elements());
        if (different > 0 && (!tolerable || different > allowed)) {
            differences.add(name + ": " + different + " of " + expected.elements() + " weights, first at " + first + " ("
                    + expected.value(first) + " expected, " + actual.value(first) + " found)");
        }
    }

    static Map<String, Weights> weights(Path folder) throws IOException {
        ModelSnapshot snapshot =
                new LocalModelSource(Path.of(""), true).resolve(folder.toAbsolutePath().toString(), null);
        Map<String, Weights> weights = new TreeMap<>();
        for (StoredTensor tensor : Checkpoint.open(snapshot).tensors()) {
            byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
            try (RangeReader reader = snapshot.open(tensor.file())) {
                reader.read(tensor.position(), MemorySegment.ofArray(bytes));
            }
            weights.put(tensor.name(), new Weights(tensor, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)));
        }
        return weights;
    }

    /** A tensor's elements. */
    record Weights(StoredTensor tensor, ByteBuffer bytes) {

        int elements() {
            return (int) tensor.elements();
        }

        long bits(int index) {
            return switch (tensor.dtype().bytes()) {
                case 2 -> bytes.getShort(2 * index) & 0xFFFF;
                case 4 -> bytes.getInt(4 * index) & 0xFFFF_FFFFL;
                case 8 -> bytes.getLong(8 * index);
                default -> bytes.get(index) & 0xFF;
            };
        }

        /** The element's place among all values of its type: neighbours differ by one. */
        long ordered(int index) {
            long bits = bits(index);
            long sign = 1L << (8 * tensor.dtype().bytes() - 1);
            return (bits & sign) == 0 ? bits : -(bits & ~sign);
        }

        double value(int index) {
            return switch (tensor.dtype()) {
                case BF16 -> Float.intBitsToFloat((int) bits(index) << 16);
                case F16 -> Float.float16ToFloat((short) bits(index));
                case F32 -> Float.intBitsToFloat((int) bits(index));
                case F64 -> Double.longBitsToDouble(bits(index));
                default -> bits(index);
            };
        }
    }
}
