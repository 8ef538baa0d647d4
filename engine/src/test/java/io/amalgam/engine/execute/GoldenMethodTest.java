package io.amalgam.engine.execute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Methods and executor against the golden merges, with plans made by hand. */
class GoldenMethodTest {
    static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final long SEED = 11;
    /** Methods of which few weights may differ by one unit in the last place. */
    private static final Set<String> NEARLY = Set.of("slerp", "nuslerp", "multislerp", "karcher");

    @TempDir
    Path folder;

    static List<String> recipes() throws IOException {
        List<String> names = new ArrayList<>();
        try (Stream<Path> files = Files.list(GOLDEN.resolve("recipes"))) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString().replace(".yml", "");
                if (!name.startsWith("err_") && GoldenRecipe.read(GOLDEN, name, SEED) != null) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recipes")
    void agreesWithMergeKit(String name) throws IOException {
        long seed = new ObjectMapper().readTree(GOLDEN.resolve("golden.json").toFile()).get("random_seed").asLong();
        GoldenRecipe recipe = GoldenRecipe.read(GOLDEN, name, seed);
        MemorySink sink = new MemorySink();
        new ChunkExecutor(ExecutionOptions.defaults().withScratch(folder))
                .execute(recipe.slice, (model, file) -> recipe.snapshots.get(model).open(file), sink, ExecutionListener.NONE);
        Files.write(folder.resolve("model.safetensors"), sink.bytes());
        Files.writeString(folder.resolve("config.json"), "{}");
        String kind = Files.exists(GOLDEN.resolve("defined").resolve(name)) ? "defined" : "expected";
        ModelSnapshot own = new LocalModelSource(folder, true).resolve(".", null);
        ModelSnapshot golden = new LocalModelSource(GOLDEN, false).resolve(kind + "/" + name, null);
        compare(name, recipe.slice.chunk().tensors().getFirst().method(), own, golden);
    }

    private static void compare(String name, String method, ModelSnapshot own, ModelSnapshot golden) throws IOException {
        Checkpoint ours = Checkpoint.open(own);
        Checkpoint theirs = Checkpoint.open(golden);
        assertEquals(List.copyOf(theirs.names()), List.copyOf(ours.names()));
        List<String> differences = new ArrayList<>();
        for (String tensor : theirs.names()) {
            StoredTensor left = ours.find(tensor).orElseThrow();
            StoredTensor right = theirs.find(tensor).orElseThrow();
            assertEquals(right.dtype(), left.dtype(), tensor);
            int steps = 0;
            int different = 0;
            long[] a = bits(own, left);
            long[] b = bits(golden, right);
            assertEquals(b.length, a.length, tensor);
            for (int i = 0; i < a.length; i++) {
                if (a[i] != b[i]) {
                    different++;
                    steps = (int) Math.max(steps, Math.min(1 << 20, Math.abs(ordered(a[i], left.dtype()) - ordered(b[i], left.dtype()))));
                }
            }
            int allowed = 0;
            if (NEARLY.contains(method) && steps <= 1) {
                allowed = Math.max(8, a.length / 200);
            } else if (method.equals("arcee_fusion")) {
                allowed = Math.max(2, a.length / 500);
            }
            if (different > allowed) {
                differences.add("%s: %d of %d, up to %d steps".formatted(tensor, different, a.length, steps));
            }
        }
        assertTrue(differences.isEmpty(), () -> name + "\n" + String.join("\n", differences));
    }

    private static long[] bits(ModelSnapshot snapshot, StoredTensor tensor) throws IOException {
        byte[] bytes = new byte[(int) tensor.bytes()];
        try (RangeReader reader = snapshot.open(tensor.file())) {
            reader.read(tensor.position(), MemorySegment.ofArray(bytes));
        }
        MemorySegment segment = MemorySegment.ofArray(bytes);
        long[] bits = new long[(int) tensor.elements()];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = tensor.dtype().bytes() == 2
                    ? segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i)
                    : segment.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
        }
        return bits;
    }

    /** Numbers that lie side by side get whole numbers that do. */
    private static long ordered(long bits, DType type) {
        long sign = type.bytes() == 2 ? 0x7FFF : 0x7FFFFFFF;
        return bits < 0 ? -(bits & sign) : bits;
    }
}
