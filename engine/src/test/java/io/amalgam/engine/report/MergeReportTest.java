package io.amalgam.engine.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.checkpoint.ModelFolders;
import io.amalgam.engine.checkpoint.SafetensorsWriter;
import io.amalgam.engine.checkpoint.TensorHeader;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.merge.OpenedModels;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the merge report says of models whose weights are known. */
class MergeReportTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String TASK_ARITHMETIC = """
            merge_method: task_arithmetic
            base_model: base
            models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
            dtype: float32
            """;

    @TempDir
    private Path root;

    /** A model of an architecture that nobody knows: a matrix in one layer, and one outside. */
    private void model(String name, float[] inLayer, float[] outside) throws IOException {
        long[] layerShape = {inLayer.length};
        long[] shape = {outside.length};
        byte[] header = SafetensorsWriter.header(List.of(
                new TensorHeader("blocks.0.attention.query.weight", DType.F32, layerShape),
                new TensorHeader("head.weight", DType.F32, shape)));
        ByteBuffer file = ByteBuffer.allocate(header.length + (inLayer.length + outside.length) * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(header);
        for (float value : inLayer) {
            file.putFloat(value);
        }
        for (float value : outside) {
            file.putFloat(value);
        }
        Files.createDirectories(root.resolve(name));
        Files.write(root.resolve(name).resolve("model.safetensors"), file.array());
        ModelFolders.text(
                root.resolve(name).resolve("config.json"),
                "{\"architectures\": [\"UnheardOf\"], \"model_type\": \"unheard-of\", \"num_hidden_layers\": 1}");
    }

    private static MergePlan plan(String recipe, Path folder, long shardBytes) {
        PlanOptions options =
                new PlanOptions(shardBytes, 1L, false, false, false, false, false, false, false, false);
        return Planner.plan(Preflight.check(RecipeParser.parse(recipe, "recipe.yml"), options, sources(folder))
                .orThrow());
    }

    private static ModelSources sources(Path folder) {
        return new ModelSources(new LocalModelSource(folder, true));
    }

    private static MergeReport report(MergePlan plan, Path folder, int threads) throws IOException {
        return MergeReport.of(plan, new OpenedModels(plan.models(), sources(folder)), threads);
    }

    private MergeReport report(String recipe) throws IOException {
        return report(plan(recipe, root, 0), root, 1);
    }

    @Test
    void taskVectorsAreMeasuredByLayerAndModule() throws IOException {
        model("base", new float[] {1, 1, 1, 1}, new float[] {2, 0});
        model("a", new float[] {2, 1, 0, 3}, new float[] {2, 0});
        model("b", new float[] {0, 4, 0, 1}, new float[] {2, 3});
        MergeReport report = report(TASK_ARITHMETIC);
        assertEquals(List.of("a", "b", "base"), report.inputs());
        MergeReport.Row head = report.rows().get(0);
        MergeReport.Row attention = report.rows().get(1);

        assertEquals("blocks", attention.stack());
        assertEquals(0, attention.layer());
        assertEquals("attention", attention.module());
        assertEquals(MergeReport.Compared.TASK_VECTORS, attention.compared());
        assertEquals(4, attention.elements());
        assertEquals(2.0, attention.base());
        // a: (1, 0, -1, 2); b: (-1, 3, -1, 0).
        assertEquals(new MergeReport.Vector(0, Math.sqrt(6), Math.sqrt(6) / 2, 0.75), attention.vectors().get(0));
        assertEquals(new MergeReport.Vector(1, Math.sqrt(11), Math.sqrt(11) / 2, 0.75), attention.vectors().get(1));
        assertEquals(List.of(new MergeReport.Pair(0, 1, 0.0, 0.5)), attention.pairs());
        assertEquals(0.5, attention.conflict());

        assertEquals("", head.stack());
        assertNull(head.layer());
        assertEquals("head", head.module());
        // a: (0, 0); b: (0, 3). A vector of zeros has no angle to another.
        assertEquals(new MergeReport.Vector(0, 0.0, 0.0, 0.0), head.vectors().get(0));
        assertEquals(List.of(new MergeReport.Pair(0, 1, null, 0.0)), head.pairs());
        assertEquals(0, head.conflict());

        assertEquals(6, report.total().elements());
        assertEquals(Math.sqrt(8), report.total().base());
        assertEquals(Math.sqrt(20), report.total().vectors().get(1).norm(), 1e-12);
    }

    @Test
    void withoutABaseModelWeightsAreCompared() throws IOException {
        model("a", new float[] {1, 2, 0, -2}, new float[] {1, 0});
        model("b", new float[] {-2, -4, 0, 4}, new float[] {1, 0});
        MergeReport report = report("""
                merge_method: linear
                models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
                """);
        MergeReport.Row attention = report.rows().get(1);
        assertEquals(MergeReport.Compared.WEIGHTS, attention.compared());
        assertNull(attention.base());
        assertEquals(new MergeReport.Vector(0, 3.0, null, 0.75), attention.vectors().get(0));
        assertEquals(List.of(new MergeReport.Pair(0, 1, -1.0, 1.0)), attention.pairs());
        assertEquals(1, attention.conflict());
    }

    @Test
    void weightsThatAreNotFiniteHaveNoLength() throws IOException {
        model("base", new float[] {1, 1}, new float[] {1});
        model("a", new float[] {Float.NaN, 1}, new float[] {1});
        model("b", new float[] {2, 1}, new float[] {1});
        MergeReport report = report(TASK_ARITHMETIC);
        MergeReport.Row attention = report.rows().get(1);
        assertNull(attention.vectors().get(0).norm());
        assertNull(attention.vectors().get(0).relative());
        assertNull(attention.pairs().get(0).cosine());
        assertEquals(1.0, attention.vectors().get(1).norm());
        assertTrue(MergeReport.read(report.write()).equals(report));
    }

    @Test
    void neitherThreadsNorShardsChangeADigit() throws IOException {
        Random random = new Random(3);
        for (String name : List.of("base", "a", "b")) {
            float[] large = new float[3 * TensorSums.UNIT + 12_345];
            for (int i = 0; i < large.length; i++) {
                large[i] = (float) random.nextGaussian();
            }
            model(name, large, new float[] {1, 2, 3});
        }
        MergePlan plan = plan(TASK_ARITHMETIC, root, 0);
        byte[] one = report(plan, root, 1).write();
        assertArrayEquals(one, report(plan, root, 2).write());
        assertArrayEquals(one, report(plan, root, 7).write());
        MergeReport ofShards = report(plan(TASK_ARITHMETIC, root, 1000), root, 3);
        MergeReport whole = MergeReport.read(one);
        assertEquals(whole.rows(), ofShards.rows());
        assertEquals(whole.total(), ofShards.total());
    }

    @Test
    void aModelWithAnAdapterIsAnInputOfItsOwn() throws IOException {
        MergePlan plan = plan("""
                merge_method: task_arithmetic
                base_model: models/llama-a
                models: [{model: models/llama-a+models/lora-a, parameters: {weight: 1}}]
                """, GOLDEN, 0);
        MergeReport report = report(plan, GOLDEN, 2);
        assertEquals(List.of("models/llama-a+models/lora-a", "models/llama-a"), report.inputs());
        List<MergeReport.Row> changed = report.rows().stream()
                .filter(row -> row.vectors().getFirst().changed() > 0)
                .toList();
        // The adapter changes attention; everything else is the base model's, to the bit.
        assertTrue(!changed.isEmpty() && changed.size() < report.rows().size(), report::toString);
        assertTrue(changed.stream().allMatch(row -> row.layer() != null), changed::toString);
    }

    @Test
    void everyWeightIsReadOnce() throws IOException {
        model("base", new float[100_000], new float[10]);
        model("a", new float[100_000], new float[10]);
        model("b", new float[100_000], new float[10]);
        MergePlan plan = plan(TASK_ARITHMETIC, root, 0);
        LongAdder read = new LongAdder();
        MergeReport.of(plan, new OpenedModels(plan.models(), sources(root)), 2, new ExecutionListener() {
            @Override
            public void bytesRead(long bytes) {
                read.add(bytes);
            }
        });
        assertEquals(3 * 100_010 * Float.BYTES, read.sum());
    }

    @Test
    void aReportThatIsCancelledEndsSo() throws IOException {
        model("base", new float[10], new float[10]);
        model("a", new float[10], new float[10]);
        model("b", new float[10], new float[10]);
        MergePlan plan = plan(TASK_ARITHMETIC, root, 0);
        OpenedModels models = new OpenedModels(plan.models(), sources(root));
        AmalgamException cancelled =
                assertThrows(AmalgamException.class, () -> MergeReport.of(plan, models, 2, new ExecutionListener() {
                    @Override
                    public boolean cancelled() {
                        return true;
                    }
                }));
        assertEquals(ErrorCode.CANCELLED, cancelled.code());
    }

    @Test
    void whatIsNoReportIsRefused() {
        AmalgamException refused = assertThrows(AmalgamException.class, () -> MergeReport.read("[]".getBytes()));
        assertEquals(ErrorCode.EVENT_INVALID, refused.code());
    }
}
