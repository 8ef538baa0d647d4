package io.amalgam.engine.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How parameters get their values (mergekit.md §1.3). */
class ParameterTest {

    private static final String EMBEDDINGS = "model.embed_tokens.weight";
    private static final String NORM = "model.norm.weight";

    private static String layer(int index) {
        return "model.layers." + index + ".mlp.up_proj.weight";
    }

    private static MergePlan linear(String first, String rest) {
        return Plans.plan("merge_method: linear\nmodels:\n- {model: models/llama-a, parameters: {weight: " + first
                + "}}\n- {model: models/llama-c, parameters: {weight: 1}}\n" + rest);
    }

    private static Object weight(MergePlan plan, String tensor) {
        return Plans.parameter(plan, tensor, 0, "weight");
    }

    @Test
    void gradientsRunOverTheLayersAndStartOutsideThem() {
        MergePlan plan = linear("[0, 1]", "");
        assertEquals(0.0, weight(plan, layer(0)));
        assertEquals(0.5, weight(plan, layer(1)));
        assertEquals(1.0, weight(plan, layer(2)));
        assertEquals(0.0, weight(plan, EMBEDDINGS));
        assertEquals(0.0, weight(plan, NORM));
        assertEquals(0.0, weight(plan, "lm_head.weight"));
    }

    @Test
    void gradientsAreLinearBetweenTheirPoints() {
        assertEquals(0.25 * 0.5 + 0.75 * 0.5, weight(linear("[0.0, 0.25, 0.75, 1.0]", ""), layer(1)));
        assertEquals(0.7, weight(linear("[0.7]", ""), layer(2)));
    }

    @Test
    void everySliceBeginsAtZeroAndOneLayerStandsAtItsEnd() {
        MergePlan plan = Plans.plan("""
                merge_method: linear
                parameters: {weight: [0, 1]}
                slices:
                - sources: [{model: models/llama-a, layer_range: [0, 2]}]
                - sources: [{model: models/llama-a, layer_range: [2, 3]}]
                """);
        assertEquals(0.0, weight(plan, layer(0)));
        assertEquals(1.0, weight(plan, layer(1)));
        assertEquals(1.0, weight(plan, layer(2)));
    }

    @Test
    void theFirstFilterThatMatchesIsTaken() {
        MergePlan plan = linear("[{filter: up_proj, value: 0.25}, {filter: mlp, value: 0.5}, {value: 0.75}]", "");
        assertEquals(0.25, weight(plan, layer(0)));
        assertEquals(0.5, weight(plan, "model.layers.0.mlp.down_proj.weight"));
        assertEquals(0.75, weight(plan, NORM));
    }

    @Test
    void whereNoFilterMatchesTheNextLevelDecides() {
        MergePlan plan = linear("[{filter: mlp, value: 0.25}]", "parameters: {weight: 0.5}\n");
        assertEquals(0.25, weight(plan, layer(0)));
        assertEquals(0.5, weight(plan, NORM));
    }

    @Test
    void anEmptyGradientIsNoValue() {
        assertEquals(0.5, weight(linear("[]", "parameters: {weight: 0.5}\n"), NORM));
    }

    @Test
    void theNearestLevelWins() {
        String recipe = """
                merge_method: linear
                parameters: {weight: 4}
                modules:
                  default:
                    parameters: {weight: 3}
                    slices:
                    - sources:
                      - {model: models/llama-a, layer_range: [0, 3], parameters: {weight: 1}}
                      parameters: {weight: 2}
                """;
        assertEquals(1.0, weight(Plans.plan(recipe), NORM));
        assertEquals(2.0, weight(Plans.plan(recipe.replace(", parameters: {weight: 1}", "")), NORM));
        String withoutSlice = recipe.replace(", parameters: {weight: 1}", "").replace("      parameters: {weight: 2}\n", "");
        assertEquals(3.0, weight(Plans.plan(withoutSlice), NORM));
        assertEquals(4.0, weight(Plans.plan(withoutSlice.replace("    parameters: {weight: 3}\n", "")), NORM));
    }

    @Test
    void sharedParametersBesideAModelHaveNoEffectAndAreWarnedOf() {
        String recipe = """
                merge_method: slerp
                base_model: models/llama-a
                models:
                - model: models/llama-a
                - {model: models/llama-c, parameters: {t: 0.25}}
                parameters: {t: 0.5}
                """;
        assertEquals(0.5, Plans.tensor(Plans.plan(recipe), NORM).parameters().get("t"));
        Problem warning = Plans.of(Plans.preflight(recipe), Problem.Severity.WARNING).getFirst();
        assertEquals(5, warning.line());
        assertTrue(warning.message().contains("\"t\""), warning::message);
    }

    @Test
    void theBaseModelHasNoParametersOfItsOwn() {
        MergePlan plan = Plans.plan("""
                merge_method: ties
                base_model: models/llama-base
                models:
                - {model: models/llama-a, parameters: {weight: 0.5}}
                parameters: {density: 0.5}
                """);
        assertEquals(0.5, Plans.parameter(plan, NORM, 0, "density"));
        assertTrue(Plans.tensor(plan, NORM).inputs().get(1).parameters().isEmpty());
    }

    @Test
    void defaultsFillWhatNothingSets() {
        MergePlan plan = Plans.plan(
                "merge_method: passthrough\nmodels: [{model: models/llama-a}]\n");
        assertNull(Plans.parameter(plan, NORM, 0, "scale"));
        assertEquals(true, Plans.tensor(linear("1", ""), NORM).parameters().get("normalize"));
    }

    @Test
    void numbersOfYamlOnePointOneAreRead() {
        assertEquals(1e-4, weight(linear("1e-4", ""), NORM));
        assertEquals(1.0, weight(linear("on", ""), NORM));
    }

    @Test
    void filtersOfInputsSeeTheInputsNameAndSharedOnesTheOutputs() {
        MergePlan plan = Plans.plan("""
                merge_method: linear
                slices:
                - sources:
                  - model: models/llama-a
                    layer_range: [2, 3]
                    parameters: {weight: [{filter: layers.2, value: 0.25}, {value: 1}]}
                  parameters: {normalize: [{filter: layers.0, value: false}, {value: true}]}
                """);
        assertEquals(0.25, weight(plan, layer(0)));
        assertEquals(false, Plans.tensor(plan, layer(0)).parameters().get("normalize"));
        assertEquals(true, Plans.tensor(plan, NORM).parameters().get("normalize"));
    }

    @Test
    void wrongValuesAreRefusedAtTheirPlaceOnce() {
        PreflightResult result = Plans.preflight("""
                merge_method: linear
                models:
                - {model: models/llama-a, parameters: {weight: half}}
                - {model: models/llama-c, parameters: {weight: [0, .inf]}}
                parameters: {normalize: maybe}
                """);
        assertEquals(
                List.of(3, 4, 5),
                Plans.of(result, Problem.Severity.ERROR).stream().map(Problem::line).toList(),
                () -> result.problems().toString());
        assertTrue(result.problems().stream().allMatch(problem -> problem.code() == ErrorCode.PARAMETER_INVALID));
        assertFalse(result.pinned().isPresent());
    }

    @Test
    void aFractionWhereAWholeNumberIsExpectedIsRefused() {
        String recipe = "merge_method: karcher\nmodels: [{model: models/llama-a}, {model: models/llama-c}]\n"
                + "parameters: {max_iter: %s}\n";
        assertEquals(10L, Plans.tensor(Plans.plan(recipe.formatted("[5, 15]")), layer(1)).parameters().get("max_iter"));
        assertFalse(Plans.preflight(recipe.formatted("[5, 6]")).pinned().isPresent());
        assertFalse(Plans.preflight(recipe.formatted("5.5")).pinned().isPresent());
    }
}
