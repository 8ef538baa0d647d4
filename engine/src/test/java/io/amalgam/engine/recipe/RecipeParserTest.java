package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The recipe language: each rule is a fact here. */
class RecipeParserTest {

    private static final String MODELS = "merge_method: linear\nmodels: [{model: a}, {model: b}]\n";

    private static ParsedRecipe parse(String text) {
        return RecipeParser.parse(text, "recipe.yml");
    }

    private static Recipe valid(String text) {
        return parse(text).orThrow();
    }

    private static Problem onlyProblem(String text) {
        List<Problem> problems = parse(text).problems();
        assertEquals(1, problems.size(), problems::toString);
        return problems.getFirst();
    }

    private static void assertRefused(ErrorCode code, int line, int column, String text) {
        Problem problem = onlyProblem(text);
        assertEquals(code, problem.code(), problem::toString);
        assertEquals(Problem.Severity.ERROR, problem.severity());
        assertEquals(line + ":" + column, problem.line() + ":" + problem.column(), problem::toString);
    }

    @Test
    void modelsKeepTheirOrderAndParameters() {
        Recipe recipe = valid("""
                merge_method: ties
                base_model: base@main
                models:
                - model: b
                  parameters: {weight: 0.5, density: 1e-4}
                - model: a+lora
                dtype: bfloat16
                out_dtype: torch.float16
                parameters: {normalize: on}
                """);
        assertEquals("ties", recipe.mergeMethod());
        assertEquals(ModelReference.parse("base@main"), recipe.baseModel());
        assertEquals(
                List.of(ModelReference.parse("b"), ModelReference.parse("a+lora")),
                recipe.models().stream().map(InputModel::model).toList());
        assertEquals(List.of(0.5), recipe.models().getFirst().parameters().get("weight").entries().getFirst().values());
        assertEquals(List.of("1e-4"), recipe.models().getFirst().parameters().get("density").entries().getFirst().values());
        assertEquals(DType.BF16, recipe.dtype());
        assertEquals(DType.F16, recipe.outDtype());
        assertEquals(List.of(true), recipe.parameters().get("normalize").entries().getFirst().values());
        assertEquals(new Position(3, 1), recipe.position("models"));
        assertEquals(new Position(6, 3), recipe.models().get(1).position());
    }

    @Test
    void slicesHaveSourcesWithLayerRanges() {
        Recipe recipe = valid("""
                merge_method: passthrough
                slices:
                - sources:
                  - model: a
                    layer_range: [0, 2]
                - sources:
                  - {model: b, layer_range: [1, 3], parameters: {scale: 0.5}}
                  base_model: c
                  residual_weight: 0.5
                  parameters: {t: 1}
                """);
        assertEquals(2, recipe.slices().size());
        assertEquals(2, recipe.slices().getFirst().sources().getFirst().layers().length());
        assertEquals(ModelReference.parse("c"), recipe.slices().get(1).baseModel());
        assertTrue(recipe.slices().get(1).sources().getFirst().parameters().containsKey("scale"));
    }

    @Test
    void modulesHaveModelsOrSlices() {
        Recipe recipe = valid("""
                merge_method: linear
                modules:
                  text_decoder: {models: [{model: a}]}
                  vision_tower:
                    slices: [{sources: [{model: a, layer_range: [0, 1]}]}]
                    parameters: {weight: 1}
                """);
        assertEquals(List.of("text_decoder", "vision_tower"), List.copyOf(recipe.modules().keySet()));
        assertEquals(1, recipe.modules().get("vision_tower").slices().size());
    }

    @Test
    void settingsAreScalarsGradientsOrConditionals() {
        Recipe recipe = valid(MODELS + """
                parameters:
                  a: 1
                  b: [0, 0.5, 1]
                  c:
                  - {filter: mlp, value: [0, 1]}
                  - value: 0.5
                  d: {value: 2, filter: norm}
                  e: []
                """);
        assertEquals(List.of(1L), recipe.parameters().get("a").entries().getFirst().values());
        assertTrue(recipe.parameters().get("b").entries().getFirst().gradient());
        assertEquals(List.of("mlp"), List.of(recipe.parameters().get("c").entries().getFirst().filter()));
        assertNull(recipe.parameters().get("c").entries().get(1).filter());
        assertEquals("norm", recipe.parameters().get("d").entries().getFirst().filter());
        assertTrue(recipe.parameters().get("e").entries().getFirst().values().isEmpty());
    }

    @Test
    void filtersArePartsOfNames() {
        Setting.Entry entry = new Setting.Entry("mlp.up", List.of(1L), false, Position.NONE);
        assertTrue(entry.matches("model.layers.0.mlp.up_proj.weight"));
        assertFalse(entry.matches("model.layers.0.mlpXup_proj.weight"));
        assertTrue(new Setting.Entry("*", List.of(1L), false, Position.NONE).matches("anything"));
        assertTrue(new Setting.Entry(null, List.of(1L), false, Position.NONE).matches("anything"));
    }

    @Test
    void modelsMayBeObjects() {
        Recipe recipe = valid("""
                merge_method: linear
                models:
                - model: {model: {path: a+b@c, revision: v}, lora: l, override_architecture: X}
                """);
        assertEquals(
                new ModelReference(new ModelPath("a+b@c", "v"), new ModelPath("l", null), "X"),
                recipe.models().getFirst().model());
    }

    @Test
    void tokenizerSourceIsTokenizerWithoutTokens() {
        assertEquals(TokenizerRecipe.Source.UNION, valid(MODELS + "tokenizer_source: union\n").tokenizer().source());
        assertEquals(TokenizerRecipe.Source.BASE, valid(MODELS + "tokenizer_source: base\n").tokenizer().source());
        assertEquals(
                ModelReference.parse("a"), valid(MODELS + "tokenizer_source: a\n").tokenizer().model());
        assertEquals(TokenizerRecipe.Source.UNION, valid(MODELS + "tokenizer: {}\n").tokenizer().source());
    }

    @Test
    void tokensHaveSources() {
        TokenizerRecipe tokenizer = valid(MODELS + """
                tokenizer:
                  source: union
                  pad_to_multiple_of: 64
                  tokens:
                    <a>: {source: a, force: true}
                    <b>: {source: {kind: zero}}
                    <c>: {source: {kind: model_token, model: b, token_id: 3}}
                    <d>: {source: {kind: model_token, model: b, token: x}}
                    <e>: {}
                """).tokenizer();
        assertEquals(64, tokenizer.padToMultipleOf());
        assertEquals(List.of("<a>", "<b>", "<c>", "<d>", "<e>"), List.copyOf(tokenizer.tokens().keySet()));
        assertTrue(tokenizer.tokens().get("<a>").force());
        assertEquals(new TokenizerRecipe.Fill.Zero(), tokenizer.tokens().get("<b>").fill());
        assertEquals(
                new TokenizerRecipe.Fill.OtherToken(ModelReference.parse("b"), 3, null),
                tokenizer.tokens().get("<c>").fill());
        assertNull(tokenizer.tokens().get("<e>").fill());
    }

    @Test
    void anchorsAndMergeKeysAreResolved() {
        Recipe recipe = valid("""
                merge_method: linear
                models:
                - &first
                  model: a
                  parameters: {weight: 0.5}
                - <<: *first
                  model: b
                """);
        assertEquals(ModelReference.parse("b"), recipe.models().get(1).model());
        assertEquals(List.of(0.5), recipe.models().get(1).parameters().get("weight").entries().getFirst().values());
    }

    @Test
    void jsonIsARecipeToo() {
        assertEquals(2, valid("{\"merge_method\": \"linear\", \"models\": [{\"model\": \"a\"}, {\"model\": \"b\"}]}")
                .models()
                .size());
    }

    @Test
    void nullIsAbsent() {
        assertNull(valid(MODELS + "base_model: null\nslices:\ndtype: ~\n").baseModel());
    }

    @Test
    void unknownKeysAreWarningsWithTheNearestName() {
        Problem problem = onlyProblem(MODELS + "base_modle: c\n");
        assertEquals(Problem.Severity.WARNING, problem.severity());
        assertEquals(ErrorCode.RECIPE_UNKNOWN_KEY, problem.code());
        assertEquals(3, problem.line());
        assertTrue(problem.message().contains("did you mean \"base_model\"?"), problem::message);
        assertFalse(parse(MODELS + "base_modle: c\n").hasErrors());
    }

    @Test
    void allErrorsAreReportedInTheOrderOfTheirLines() {
        List<Problem> problems = parse("""
                merge_method: linear
                dtype: bf16
                models:
                - parameters: {weight: 1}
                - model: a+b+c
                out_dtype: float8
                """).problems();
        assertEquals(List.of(2, 4, 5, 6), problems.stream().map(Problem::line).toList(), problems::toString);
    }

    @Test
    void structuralFaultsAreRefusedAtTheirPlace() {
        assertRefused(ErrorCode.RECIPE_INVALID, 1, 1, "merge_method: linear\n");
        assertRefused(ErrorCode.RECIPE_INVALID, 3, 1, MODELS + "slices: [{sources: [{model: a, layer_range: [0, 1]}]}]\n");
        assertRefused(ErrorCode.RECIPE_INVALID, 1, 1, "models: [{model: a}]\n");
        assertRefused(ErrorCode.RECIPE_INVALID, 4, 1, MODELS + "tokenizer_source: union\ntokenizer: {source: base}\n");
        assertRefused(ErrorCode.DTYPE_UNSUPPORTED, 3, 8, MODELS + "dtype: int64\n");
        assertRefused(ErrorCode.PARAMETER_INVALID, 3, 30, MODELS + "parameters: {t: [{value: 1}, 2]}\n");
        assertRefused(ErrorCode.RECIPE_INVALID, 3, 13, MODELS + "parameters: [1]\n");
        assertRefused(
                ErrorCode.RECIPE_INVALID,
                2,
                45,
                "merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [2, 2]}]}]\n");
    }

    @Test
    void whatIsNotYamlIsRefusedWithItsPlace() {
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("merge_method: [linear\n").code());
        assertEquals(2, onlyProblem("a: 1\n\tb: 2\n").line());
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("just words").code());
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("").code());
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("# nothing\n---\n...\n").code());
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("a: !!python/object:os.system x\n").code());
        assertEquals(ErrorCode.RECIPE_NOT_YAML, onlyProblem("a: !custom x\n").code());
    }

    @Test
    void keysThatRepeatAreRefused() {
        Problem problem = onlyProblem(MODELS + "dtype: float32\nmerge_method: ties\n");
        assertEquals(ErrorCode.RECIPE_LIMIT_EXCEEDED, problem.code());
        assertEquals(4, problem.line());
        assertTrue(problem.message().contains("merge_method") && problem.message().contains("line 1"), problem::message);
    }

    @Test
    void bombsAreRefusedBeforeTheyGrow() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int level = 1; level < 12; level++) {
            bomb.append("a%d: &a%d [%s]\n".formatted(level, level, ("*a" + (level - 1) + ", ").repeat(9)));
        }
        assertEquals(ErrorCode.RECIPE_LIMIT_EXCEEDED, onlyProblem(bomb.toString()).code());
        assertEquals(ErrorCode.RECIPE_LIMIT_EXCEEDED, onlyProblem("a: " + "[".repeat(10_000)).code());
        assertEquals(ErrorCode.RECIPE_LIMIT_EXCEEDED, onlyProblem("a: &a [*a]\n").code());
        assertEquals(
                ErrorCode.RECIPE_LIMIT_EXCEEDED, onlyProblem("#".repeat(YamlReader.MAX_CHARACTERS + 1)).code());
    }

    @Test
    void documentsOfAFileAreSeparateAndKeepTheirLines() {
        List<ParsedRecipe> recipes = RecipeParser.parseAll(
                "# inner\nname: inner\n" + MODELS + "---\nname: outer\nmerge_method: linear\nmodels: [{model: inner}]\ndtype: x\n",
                "two.yml");
        assertEquals(2, recipes.size());
        assertEquals("inner", recipes.getFirst().recipe().name());
        assertEquals(List.of(9), recipes.get(1).problems().stream().map(Problem::line).toList());
        assertTrue(recipes.get(1).text().startsWith("---\nname: outer"));
    }

    @Test
    void aMarkerAtTheTopBeginsTheOnlyDocument() {
        assertEquals("linear", valid("%YAML 1.1\n---\n" + MODELS).mergeMethod());
        assertEquals("linear", valid("---\n" + MODELS + "...\n").mergeMethod());
        assertEquals("linear", valid("---\n" + MODELS + "---\n").mergeMethod());
    }

    @Test
    void severalRecipesWhereOneIsExpectedAreRefused() {
        assertEquals(ErrorCode.RECIPE_INVALID, onlyProblem(MODELS + "---\n" + MODELS).code());
    }
}
