package io.amalgam.engine.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.ModelFolders;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a preflight finds: everything at once, with places and remedies, before any weight is read. */
class PreflightTest {

    private static final List<String> LLAMA_LAYER = List.of(
            "input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj",
            "self_attn.o_proj", "mlp.up_proj", "mlp.gate_proj", "mlp.down_proj");
    private static final String TWO = """
            merge_method: linear
            models:
            - {model: a, parameters: {weight: 1}}
            - {model: b, parameters: {weight: 1}}
            """;

    @TempDir
    private Path root;

    /** A Llama model of one layer, all of whose tensors are 2 × 2, without some of them and with others. */
    private void llama(String name, List<String> without, String... with) throws IOException {
        List<String> names = new ArrayList<>(List.of("model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"));
        LLAMA_LAYER.forEach(tensor -> names.add("model.layers.0." + tensor + ".weight"));
        names.removeAll(without);
        names.addAll(List.of(with));
        ModelFolders.safetensors(root.resolve(name).resolve("model.safetensors"), names.toArray(String[]::new));
        ModelFolders.text(root.resolve(name).resolve("config.json"), """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 1,
                 "vocab_size": 2, "tie_word_embeddings": true, "torch_dtype": "bfloat16"}
                """);
    }

    private PreflightResult check(String recipe) {
        return Plans.preflight(recipe, Plans.OPTIONS, root);
    }

    private PreflightResult check(String recipe, PlanOptions options) {
        return Plans.preflight(recipe, options, root);
    }

    private static PlanOptions keeping(boolean unlisted, boolean tied) {
        return new PlanOptions(0, 1L, false, false, false, unlisted, tied, true, true, false);
    }

    @Test
    void allErrorsAreFoundAtOnce() {
        PreflightResult result = Plans.preflight("""
                merge_method: tie
                models:
                - {model: models/llama-a}
                - {model: models/llama-aa}
                - {model: models/lora-a}
                - {model: models/llama-a+models/llama-c}
                """);
        List<Problem> errors = Plans.of(result, Problem.Severity.ERROR);
        assertEquals(List.of(1, 4, 5, 6), errors.stream().map(Problem::line).toList(), errors::toString);
        assertEquals(ErrorCode.METHOD_UNKNOWN, errors.get(0).code());
        assertTrue(errors.get(0).message().contains("\"ties\""), errors::toString);
        assertEquals(ErrorCode.MODEL_NOT_FOUND, errors.get(1).code());
        assertTrue(result.pinned().isEmpty());
        assertEquals(MergeCost.NONE, result.cost());
    }

    @Test
    void theSameFaultInTwoPlacesIsTwoProblems() {
        PreflightResult result = Plans.preflight("""
                merge_method: linear
                models:
                - {model: models/llama-a, parameters: {wieght: 1}}
                - {model: models/llama-c, parameters: {wieght: 1}}
                dtype: bf16
                """);
        assertEquals(
                List.of(3, 4),
                Plans.of(result, Problem.Severity.WARNING).stream().map(Problem::line).toList(),
                () -> result.problems().toString());
        assertEquals(
                List.of(ErrorCode.PARAMETER_MISSING, ErrorCode.PARAMETER_MISSING, ErrorCode.DTYPE_UNSUPPORTED),
                Plans.of(result, Problem.Severity.ERROR).stream().map(Problem::code).toList(),
                () -> result.problems().toString());
    }

    @Test
    void theArticlesRecipeIsSilent() throws IOException {
        PreflightResult result = Plans.preflight("""
                merge_method: model_stock
                base_model: models/llama-base
                models: [{model: models/llama-a}, {model: models/llama-b}, {model: models/llama-c}]
                parameters: {normalize: false, int8_mask: true}
                dtype: bfloat16
                """);
        assertEquals(List.of(), result.problems());
        assertTrue(result.pinned().isPresent());
    }

    @Test
    void aParameterThatNoMethodKnowsIsAWarningAndRefusedIfStrict() {
        String recipe = "merge_method: linear\nmodels: [{model: models/llama-a, parameters: {weight: 1, wieght: 2}}]\n";
        Problem warning = Plans.of(Plans.preflight(recipe), Problem.Severity.WARNING).getFirst();
        assertEquals(ErrorCode.RECIPE_UNKNOWN_KEY, warning.code());
        assertTrue(warning.message().contains("did you mean \"weight\"?"), warning::message);
        PreflightResult strict = Plans.preflight(recipe, Plans.OPTIONS.withStrict(true), Plans.GOLDEN);
        assertEquals(ErrorCode.RECIPE_UNKNOWN_KEY, Plans.of(strict, Problem.Severity.ERROR).getFirst().code());
        assertTrue(strict.pinned().isEmpty());
    }

    @Test
    void whatIsProbablyNotMeantIsWarnedOf() {
        assertWarns("add up to", """
                merge_method: linear
                models:
                - {model: models/llama-a, parameters: {weight: 0.5}}
                - {model: models/llama-b, parameters: {weight: 0.6}}
                parameters: {normalize: false}
                """);
        assertWarns("density of model models/llama-a is 1", """
                merge_method: ties
                base_model: models/llama-base
                models: [{model: models/llama-a, parameters: {weight: 1}}]
                """);
        assertWarns("is the base model and also among the models", """
                merge_method: ties
                base_model: models/llama-base
                models:
                - {model: models/llama-base, parameters: {weight: 1, density: 0.5}}
                - {model: models/llama-a, parameters: {weight: 1, density: 0.5}}
                """);
    }

    private static void assertWarns(String words, String recipe) {
        PreflightResult result = Plans.preflight(recipe);
        List<Problem> warnings = Plans.of(result, Problem.Severity.WARNING);
        assertEquals(1, warnings.size(), warnings::toString);
        assertTrue(warnings.getFirst().message().contains(words), warnings::toString);
        assertTrue(result.pinned().isPresent());
    }

    @Test
    void parentsWithOtherSpecialTokensOrChatTemplatesAreWarnedOf() throws IOException {
        llama("a", List.of());
        llama("b", List.of());
        ModelFolders.text(root.resolve("a/tokenizer_config.json"), """
                {"eos_token": "</s>", "chat_template": "{{ one }}"}""");
        ModelFolders.text(root.resolve("b/tokenizer_config.json"), """
                {"eos_token": {"content": "<|end|>"}, "chat_template": "{{ two }}"}""");
        List<String> messages =
                Plans.of(check(TWO), Problem.Severity.WARNING).stream().map(Problem::message).toList();
        assertTrue(messages.stream().anyMatch(message -> message.contains("eos_token is \"<|end|>\"")), messages::toString);
        assertTrue(messages.stream().anyMatch(message -> message.contains("chat template")), messages::toString);
    }

    @Test
    void tensorsThatTheTableLacksAreReportedAndKeptIfAsked() throws IOException {
        llama("a", List.of(), "model.layers.0.self_attn.q_proj.bias", "extra.weight");
        llama("b", List.of(), "model.layers.0.self_attn.q_proj.bias");
        PreflightResult plain = check(TWO);
        List<Problem> warnings = unlisted(plain);
        assertEquals(2, warnings.size(), warnings::toString);
        assertTrue(warnings.getFirst().message().contains("has 2 tensors"), warnings::toString);
        assertTrue(Plans.tensors(Planner.plan(plain.orThrow())).stream().noneMatch(tensor -> tensor.name().endsWith("bias")));

        PreflightResult kept = check(TWO, keeping(true, false));
        assertEquals(List.of(), unlisted(kept));
        MergePlan plan = Planner.plan(kept.orThrow());
        assertEquals(2, Plans.tensor(plan, "model.layers.0.self_attn.q_proj.bias").inputs().size());
        assertEquals(1, Plans.tensor(plan, "extra.weight").inputs().size());
    }

    private static List<Problem> unlisted(PreflightResult result) {
        return Plans.of(result, Problem.Severity.WARNING).stream()
                .filter(problem -> problem.code() == ErrorCode.TENSOR_MISSING)
                .toList();
    }

    @Test
    void aTiedModelLendsItsEmbeddingsUnlessTheCopyIsNotWanted() throws IOException {
        llama("a", List.of());
        llama("b", List.of("lm_head.weight"));
        PreflightResult plain = check(TWO);
        TensorPlan head = Plans.tensor(Planner.plan(plain.orThrow()), "lm_head.weight");
        assertEquals(2, head.inputs().size());
        assertTrue(Plans.of(plain, Problem.Severity.NOTE).getFirst().message().contains("model.embed_tokens.weight"));
        MergePlan kept = Planner.plan(check(TWO, keeping(false, true)).orThrow());
        assertTrue(Plans.tensors(kept).stream().noneMatch(tensor -> tensor.name().equals("lm_head.weight")));
    }

    @Test
    void whereAllModelsTieThereIsOneTensor() throws IOException {
        llama("a", List.of("lm_head.weight"));
        llama("b", List.of("lm_head.weight"));
        MergePlan plan = Planner.plan(check(TWO).orThrow());
        assertTrue(Plans.tensors(plan).stream().noneMatch(tensor -> tensor.name().equals("lm_head.weight")));
    }

    @Test
    void missingTensorsOfAModelAreOneError() throws IOException {
        llama("a", List.of());
        llama("b", List.of("model.norm.weight", "model.layers.0.mlp.up_proj.weight"));
        List<Problem> errors = Plans.of(check(TWO), Problem.Severity.ERROR);
        assertEquals(1, errors.size(), errors::toString);
        assertEquals(ErrorCode.TENSOR_MISSING, errors.getFirst().code());
        assertTrue(errors.getFirst().message().contains("and so 1 other tensor"), errors::toString);
        assertEquals(4, errors.getFirst().line());
    }

    @Test
    void embeddingsMayBeCutToCommonRows() {
        String recipe = """
                merge_method: linear
                models:
                - {model: models/llama-padded, parameters: {weight: 1}}
                - {model: models/llama-a, parameters: {weight: 1}}
                """;
        PlanOptions cutting = new PlanOptions(0, 1L, false, true, false, false, false, true, true, false);
        MergePlan plan = Planner.plan(
                Plans.preflight(recipe, cutting, Plans.GOLDEN).orThrow());
        assertEquals(57, Plans.tensor(plan, "lm_head.weight").shape()[0]);
        assertEquals(57, Plans.tensor(plan, "lm_head.weight").inputs().getFirst().source().shape()[0]);
    }

    @Test
    void modulesThatDoNotExistAreRefusedAndOmittedOnesNoted() {
        PreflightResult wrong = Plans.preflight(
                "merge_method: linear\nmodules: {defualt: {models: [{model: models/llama-a, parameters: {weight: 1}}]}}\n");
        Problem error = Plans.of(wrong, Problem.Severity.ERROR).getFirst();
        assertTrue(error.message().contains("did you mean \"default\"?"), error::message);
        assertFalse(Plans.of(wrong, Problem.Severity.NOTE).isEmpty());
    }

    @Test
    void differentArchitecturesNeedPermission() {
        String recipe = """
                merge_method: linear
                models:
                - {model: models/llama-a, parameters: {weight: 1}}
                - {model: models/mistral-a, parameters: {weight: 1}}
                """;
        Problem error = Plans.of(Plans.preflight(recipe), Problem.Severity.ERROR).getFirst();
        assertEquals(ErrorCode.ARCHITECTURE_MISMATCH, error.code());
        assertTrue(error.message().contains("--allow-crimes"), error::message);
        PlanOptions allowing = new PlanOptions(0, 1L, true, false, false, false, false, true, true, false);
        assertTrue(Plans.preflight(recipe, allowing, Plans.GOLDEN).pinned().isPresent());
    }

    @Test
    void costsAreThoseOfThePlan() {
        PreflightResult result = Plans.preflight("""
                merge_method: linear
                models:
                - {model: models/llama-a, parameters: {weight: 1}}
                - {model: models/llama-c, parameters: {weight: 1}}
                dtype: float32
                """);
        MergeCost cost = result.cost();
        assertEquals(2 * 58_432, cost.bytesToRead());
        assertEquals(2 * 58_432, cost.bytesToWrite());
        assertEquals(1, cost.chunks());
        assertEquals(30, cost.tensors());
        assertTrue(cost.diskBytes() > cost.bytesToWrite());
    }

    @Test
    void anAdapterThatFitsNothingIsRefused() throws IOException {
        llama("a", List.of());
        ModelFolders.safetensors(
                root.resolve("l/adapter_model.safetensors"),
                "base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight",
                "base_model.model.model.layers.7.self_attn.q_proj.lora_B.weight");
        ModelFolders.text(root.resolve("l/adapter_config.json"), """
                {"peft_type": "LORA", "r": 2, "lora_alpha": 4}""");
        Problem error = Plans.of(
                        check("merge_method: linear\nmodels: [{model: a+l, parameters: {weight: 1}}]\n"),
                        Problem.Severity.ERROR)
                .getFirst();
        assertEquals(ErrorCode.ADAPTER_INVALID, error.code());
        assertTrue(error.message().contains("layers.7"), error::message);
    }

    @Test
    void anAdapterIsAddedWhereItsNamesSay() throws IOException {
        llama("a", List.of());
        ModelFolders.safetensors(
                root.resolve("l/adapter_model.safetensors"),
                "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
                "base_model.model.lm_head.weight");
        ModelFolders.text(root.resolve("l/adapter_config.json"), """
                {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_rslora": true}""");
        MergePlan plan = Planner.plan(
                check("merge_method: linear\nmodels: [{model: a+l, parameters: {weight: 1}}]\n").orThrow());
        TensorSource.Adapted adapted = (TensorSource.Adapted) Plans.tensor(plan, "model.layers.0.self_attn.q_proj.weight")
                .inputs()
                .getFirst()
                .source();
        assertEquals(4 / Math.sqrt(2), adapted.scale());
        TensorSource.Stored head = (TensorSource.Stored)
                Plans.tensor(plan, "lm_head.weight").inputs().getFirst().source();
        assertEquals("adapter_model.safetensors", head.file());
    }
}
