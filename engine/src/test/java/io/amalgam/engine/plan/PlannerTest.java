package io.amalgam.engine.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What plans are made of: order, shards, keys, random offsets, layers. */
class PlannerTest {

    private static final String LINEAR = """
            merge_method: linear
            models:
            - {model: models/llama-a, parameters: {weight: 0.25}}
            - {model: models/llama-b, parameters: {weight: 0.75}}
            dtype: bfloat16
            """;
    private static final String DARE = """
            merge_method: dare_linear
            base_model: models/llama-base
            models:
            - {model: models/llama-a, parameters: {weight: 0.5, density: 0.5}}
            - {model: models/llama-c, parameters: {weight: 0.5, density: [0.5, 1]}}
            dtype: bfloat16
            """;

    @Test
    void planningTwiceGivesTheSameBytes() {
        PinnedRecipe pinned = Plans.preflight(DARE).orThrow();
        assertArrayEquals(PlanJson.write(Planner.plan(pinned)), PlanJson.write(Planner.plan(pinned)));
    }

    @Test
    void recordsAreReadBackAsTheyWere() {
        PinnedRecipe pinned = Plans.preflight(DARE).orThrow();
        byte[] written = PlanJson.write(pinned);
        PinnedRecipe read = PlanJson.read(written, PinnedRecipe.class);
        assertArrayEquals(written, PlanJson.write(read));
        MergePlan plan = Planner.plan(read);
        assertArrayEquals(PlanJson.write(Planner.plan(pinned)), PlanJson.write(plan));
        ChunkSlice slice = plan.slice(0);
        assertArrayEquals(
                PlanJson.write(slice), PlanJson.write(PlanJson.read(PlanJson.write(slice), ChunkSlice.class)));
    }

    @Test
    void remappedAndConcatenatedSourcesAreReadBackToo() {
        for (String recipe : List.of(
                "merge_method: linear\nmodels: [{model: models/llama-chat, parameters: {weight: 1}},"
                        + " {model: models/llama-a, parameters: {weight: 1}}]\ntokenizer_source: union\n",
                "merge_method: linear\nmodels: [{model: models/mixtral-a, parameters: {weight: 1}}]\n")) {
            ChunkSlice slice = Plans.plan(recipe).slice(0);
            assertArrayEquals(
                    PlanJson.write(slice), PlanJson.write(PlanJson.read(PlanJson.write(slice), ChunkSlice.class)));
        }
    }

    @Test
    void aShardEndsBeforeTheTensorThatWouldMakeItTooLarge() {
        long limit = 10_000;
        MergePlan plan = Plans.plan(LINEAR, Plans.OPTIONS.withMaxShardBytes(limit));
        assertTrue(plan.chunks().size() > 3);
        List<ChunkPlan> chunks = plan.chunks();
        for (int index = 0; index < chunks.size(); index++) {
            ChunkPlan chunk = chunks.get(index);
            assertEquals(index, chunk.index());
            assertEquals(chunks.size(), chunk.count());
            assertEquals("model-%05d-of-%05d.safetensors".formatted(index + 1, chunks.size()), chunk.file());
            assertTrue(chunk.bytesToWrite() <= limit || chunk.tensors().size() == 1);
            if (index > 0) {
                long first = inOrderOfExecution(chunk).getFirst().bytes();
                assertTrue(chunks.get(index - 1).bytesToWrite() + first > limit, "a tensor more would have fitted");
            }
        }
    }

    @Test
    void oneShardHasThePlainName() {
        assertEquals("model.safetensors", Plans.plan(LINEAR).chunks().getFirst().file());
        assertEquals(1, Plans.plan(LINEAR, Plans.OPTIONS.withMaxShardBytes(0)).chunks().size());
    }

    @Test
    void aTensorIsNeverSplit() {
        MergePlan plan = Plans.plan(LINEAR, Plans.OPTIONS.withMaxShardBytes(1));
        assertEquals(Plans.tensors(plan).size(), plan.chunks().size());
    }

    @Test
    void tensorsAreExecutedByAscendingNameOfTheirInputs() {
        MergePlan plan = Plans.plan(LINEAR, Plans.OPTIONS.withMaxShardBytes(10_000));
        List<String> names = new ArrayList<>();
        plan.chunks().forEach(chunk -> inOrderOfExecution(chunk).forEach(tensor -> names.add(tensor.name())));
        List<String> sorted = new ArrayList<>(names);
        sorted.sort(Comparator.naturalOrder());
        assertEquals(sorted, names);
    }

    private static List<TensorPlan> inOrderOfExecution(ChunkPlan chunk) {
        List<TensorPlan> tensors = new ArrayList<>(chunk.tensors());
        tensors.sort(Comparator.comparing(tensor -> tensor.inputs().getFirst().tensor()));
        return tensors;
    }

    @Test
    void theShardSizeChangesNoTensor() {
        assertEquals(describe(Plans.plan(DARE)), describe(Plans.plan(DARE, Plans.OPTIONS.withMaxShardBytes(7_000))));
    }

    private static Map<String, String> describe(MergePlan plan) {
        Map<String, String> tensors = new TreeMap<>();
        Plans.tensors(plan).forEach(tensor -> tensors.put(tensor.name(), PlanJson.digest(tensor)));
        return tensors;
    }

    @Test
    void randomOffsetsAddUpOverTensorsAndModelsInTheirOrder() {
        MergePlan plan = Plans.plan(DARE);
        long offset = 0;
        for (TensorPlan tensor : inOrderOfExecution(plan.chunks().getFirst())) {
            assertEquals(2, tensor.base());
            for (TensorInput input : tensor.inputs().subList(0, 2)) {
                boolean drawn = (double) input.parameters().get("density") < 1;
                assertEquals(drawn ? offset : -1, input.randomOffset(), tensor.name());
                offset += drawn ? tensor.elements() : 0;
            }
            assertEquals(-1, tensor.inputs().get(2).randomOffset());
        }
        assertTrue(offset > 0);
    }

    @Test
    void keysOfChunksFollowWhatDecidesTheirBytes() {
        String key = Plans.plan(LINEAR).chunks().getFirst().key();
        assertEquals(key, Plans.plan("# a comment\n" + LINEAR).chunks().getFirst().key());
        assertEquals(key, Plans.plan(LINEAR, Plans.OPTIONS.withRandomSeed(12L)).chunks().getFirst().key());
        assertNotEquals(key, Plans.plan(LINEAR.replace("0.25", "0.26")).chunks().getFirst().key());
        assertNotEquals(key, Plans.plan(LINEAR.replace("llama-b", "llama-c")).chunks().getFirst().key());
        assertNotEquals(key, Plans.plan(LINEAR.replace("bfloat16", "float16")).chunks().getFirst().key());
        assertNotEquals(
                Plans.plan(DARE).chunks().getFirst().key(),
                Plans.plan(DARE, Plans.OPTIONS.withRandomSeed(12L)).chunks().getFirst().key());
    }

    @Test
    void aChunkThatAnotherMergeSharesHasTheSameKey() {
        // The second slice's parameter decides its layers and what follows them, and nothing else.
        String recipe = """
                merge_method: slerp
                base_model: models/llama-a
                parameters: {t: 0.5}
                slices:
                - sources: [{model: models/llama-a, layer_range: [0, 2]}, {model: models/llama-c, layer_range: [0, 2]}]
                - sources: [{model: models/llama-a, layer_range: [2, 3]}, {model: models/llama-c, layer_range: [2, 3]}]
                  parameters: {t: 0.25}
                """;
        PlanOptions small = Plans.OPTIONS.withMaxShardBytes(10_000);
        List<String> left = Plans.plan(recipe, small).chunks().stream().map(ChunkPlan::key).toList();
        List<String> right = Plans.plan(recipe.replace("0.25", "0.75"), small).chunks().stream()
                .map(ChunkPlan::key)
                .toList();
        List<String> common = new ArrayList<>(left);
        common.retainAll(right);
        assertTrue(!common.isEmpty() && common.size() < left.size(), common::toString);
    }

    @Test
    void theArtifactKeyIsTheRecipesMeaning() {
        String key = Plans.plan(LINEAR).artifactKey();
        assertEquals(key, Plans.plan("""
                # the same, written otherwise
                dtype: torch.bfloat16
                models:
                - parameters:
                    weight: 0.25
                  model: models/llama-a
                - {model: {model: {path: models/llama-b}}, parameters: {weight: 0.75}}
                merge_method: "linear"
                """).artifactKey());
        assertNotEquals(key, Plans.plan(LINEAR, Plans.OPTIONS.withRandomSeed(12L)).artifactKey());
        assertNotEquals(key, Plans.plan(LINEAR, Plans.OPTIONS.withMaxShardBytes(1000)).artifactKey());
        assertNotEquals(key, Plans.plan(LINEAR + "chat_template: chatml\n").artifactKey());
        assertEquals(key, Plans.plan(LINEAR, Plans.OPTIONS.withStrict(true)).artifactKey());
    }

    @Test
    void withoutASeedOneIsDerivedFromTheRecipe() {
        PlanOptions unseeded = Plans.OPTIONS.withRandomSeed(null);
        long seed = Plans.plan(DARE, unseeded).chunks().getFirst().seed();
        assertEquals(seed, Plans.plan(DARE, unseeded).chunks().getFirst().seed());
        assertNotEquals(seed, Plans.plan(DARE.replace("weight: 0.5", "weight: 0.4"), unseeded)
                .chunks()
                .getFirst()
                .seed());
        assertTrue(seed >= 0 && seed <= 0xFFFF_FFFFL);
    }

    @Test
    void stackedLayersComeFromTheirSlices() throws IOException {
        MergePlan plan = Plans.plan("""
                merge_method: passthrough
                slices:
                - sources: [{model: models/llama-a, layer_range: [0, 2]}]
                - sources: [{model: models/llama-c, layer_range: [1, 3]}]
                """);
        assertEquals(List.of("models/llama-a", "model.embed_tokens.weight"), origin(plan, "model.embed_tokens.weight"));
        assertEquals(
                List.of("models/llama-a", "model.layers.1.mlp.up_proj.weight"),
                origin(plan, "model.layers.1.mlp.up_proj.weight"));
        assertEquals(
                List.of("models/llama-c", "model.layers.1.mlp.up_proj.weight"),
                origin(plan, "model.layers.2.mlp.up_proj.weight"));
        assertEquals(
                List.of("models/llama-c", "model.layers.2.mlp.up_proj.weight"),
                origin(plan, "model.layers.3.mlp.up_proj.weight"));
        assertEquals(List.of("models/llama-c", "lm_head.weight"), origin(plan, "lm_head.weight"));
        JsonNode config = new ObjectMapper().readTree(plan.files().get("config.json"));
        assertEquals(4, config.get("num_hidden_layers").asInt());
    }

    private static List<String> origin(MergePlan plan, String tensor) {
        TensorInput input = Plans.tensor(plan, tensor).inputs().getFirst();
        return List.of(plan.models().get(input.model()).path(), input.tensor());
    }

    @Test
    void anImplicitBaseModelIsTheLastInput() {
        MergePlan plan = Plans.plan(DARE);
        TensorPlan tensor = Plans.tensor(plan, "model.norm.weight");
        assertEquals(
                List.of("models/llama-a", "models/llama-c", "models/llama-base"),
                tensor.inputs().stream()
                        .map(input -> plan.models().get(input.model()).path())
                        .toList());
    }

    @Test
    void expertsAreFusedGateAboveUp() {
        MergePlan plan = Plans.plan("merge_method: passthrough\nmodels: [{model: models/mixtral-a}]\n");
        TensorPlan fused = Plans.tensor(plan, "model.layers.0.mlp.experts.gate_up_proj");
        assertEquals("[4, 112, 32]", Arrays.toString(fused.shape()));
        TensorSource.Concatenated source =
                (TensorSource.Concatenated) fused.inputs().getFirst().source();
        assertEquals(8, source.parts().size());
        Plans.tensor(plan, "model.layers.0.mlp.gate.weight");
        assertTrue(Plans.tensors(plan).stream().noneMatch(tensor -> tensor.name().contains("block_sparse_moe")));
    }

    /** What MergeKit 0.1.5 does with Mixtral, whose older checkpoints it converts: found by running it. */
    @Test
    void convertedTensorsTakeRandomNumbersBeforeAllOthers() {
        MergePlan plan = Plans.plan("""
                merge_method: dare_linear
                base_model: models/mixtral-base
                models: [{model: models/mixtral-a, parameters: {weight: 1, density: 0.5}}]
                dtype: bfloat16
                """);
        long offset = 0;
        for (int layer = 0; layer < 2; layer++) {
            for (String name : List.of("mlp.experts.gate_up_proj", "mlp.experts.down_proj", "mlp.gate.weight")) {
                TensorPlan tensor = Plans.tensor(plan, "model.layers." + layer + "." + name);
                assertEquals(offset, tensor.inputs().getFirst().randomOffset(), tensor.name());
                offset += tensor.elements();
            }
        }
        assertEquals(offset, Plans.tensor(plan, "lm_head.weight").inputs().getFirst().randomOffset());
    }

    @Test
    void typesArePromotedAsTorchDoes() {
        MergePlan plan = Plans.plan("""
                merge_method: linear
                models:
                - {model: models/llama-f16-a, parameters: {weight: 1}}
                - {model: models/llama-a, parameters: {weight: 1}}
                """);
        TensorPlan tensor = Plans.tensor(plan, "model.norm.weight");
        assertEquals(DType.F32, tensor.arithmetic());
        assertEquals(DType.F32, tensor.dtype());
        assertEquals(DType.F16, tensor.inputs().getFirst().dtype());
        assertEquals(DType.BF16, tensor.inputs().get(1).dtype());
    }
}
