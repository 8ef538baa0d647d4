package io.amalgam.engine.plan;

import io.amalgam.engine.error.Problem;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.tensor.TensorPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** Plans recipes over the golden models, or over models that a test has written. */
final class Plans {

    static final Path GOLDEN = Path.of("src/test/resources/golden");
    static final PlanOptions OPTIONS = PlanOptions.commandLine().withRandomSeed(11L);

    private Plans() {
    }

    static PreflightResult preflight(String recipe) {
        return preflight(recipe, OPTIONS, GOLDEN);
    }

    static PreflightResult preflight(String recipe, PlanOptions options, Path root) {
        return Preflight.check(
                RecipeParser.parse(recipe, "recipe.yml"), options, new ModelSources(new LocalModelSource(root, true)));
    }

    static MergePlan plan(String recipe) {
        return plan(recipe, OPTIONS);
    }

    static MergePlan plan(String recipe, PlanOptions options) {
        return Planner.plan(preflight(recipe, options, GOLDEN).orThrow());
    }

    /** All tensors, chunk after chunk. */
    static List<TensorPlan> tensors(MergePlan plan) {
        List<TensorPlan> tensors = new ArrayList<>();
        plan.chunks().forEach(chunk -> tensors.addAll(chunk.tensors()));
        return tensors;
    }

    static TensorPlan tensor(MergePlan plan, String name) {
        return tensors(plan).stream()
                .filter(tensor -> tensor.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException(name));
    }

    /** The value of a parameter of an input of a tensor. */
    static Object parameter(MergePlan plan, String tensor, int input, String name) {
        return tensor(plan, tensor).inputs().get(input).parameters().get(name);
    }

    static List<Problem> of(PreflightResult result, Problem.Severity severity) {
        return result.problems().stream()
                .filter(problem -> problem.severity() == severity)
                .toList();
    }
}
