package io.amalgam.engine.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.Problem;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.merge.LocalMerge;
import io.amalgam.engine.plan.LikelyTensor;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.tensor.TensorPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every recipe of the golden set, through the whole engine: parse, check, plan, execute, assemble, compare. */
class GoldenTest {

    private static final AtomicInteger AGREED = new AtomicInteger();
    private static final AtomicInteger REFUSED = new AtomicInteger();

    @TempDir
    private static Path temporary;

    @TestFactory
    Stream<DynamicTest> recipesGiveMergeKitsOutput() {
        return GoldenFolder.recipes().stream()
                .filter(name -> !name.startsWith("err_"))
                .map(name -> DynamicTest.dynamicTest(name, () -> merge(name)));
    }

    @TestFactory
    Stream<DynamicTest> wrongRecipesAreRefusedBeforeAnyWeightIsRead() {
        return GoldenFolder.recipes().stream()
                .filter(name -> name.startsWith("err_"))
                .map(name -> DynamicTest.dynamicTest(name, () -> refuse(name)));
    }

    /** What is rehearsed for a recipe before its models were looked at must be what comes. */
    @TestFactory
    Stream<DynamicTest> theLikelyTensorIsOfTheKindOfAPlannedOne() {
        return GoldenFolder.recipes().stream()
                .filter(name -> !name.startsWith("err_"))
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    ParsedRecipe parsed = GoldenFolder.recipe(name);
                    TensorPlan likely = LikelyTensor.of(parsed).orElseThrow();
                    List<TensorPlan> planned = Preflight.check(parsed, GoldenFolder.options(), GoldenFolder.sources())
                            .planOrThrow()
                            .chunks()
                            .stream()
                            .flatMap(chunk -> chunk.tensors().stream())
                            .toList();
                    assertTrue(planned.stream().anyMatch(tensor -> sameKind(likely, tensor)), likely::toString);
                }));
    }

    /** Without types, which a recipe may leave to its models. */
    private static boolean sameKind(TensorPlan likely, TensorPlan planned) {
        return likely.method().equals(planned.method())
                && likely.base() == planned.base()
                && likely.parameters().keySet().equals(planned.parameters().keySet())
                && kinds(likely).equals(kinds(planned));
    }

    private static List<Set<String>> kinds(TensorPlan tensor) {
        return tensor.inputs().stream().map(input -> input.parameters().keySet()).toList();
    }

    @AfterAll
    static void printCount() {
        long merges = GoldenFolder.recipes().stream().filter(name -> !name.startsWith("err_")).count();
        long errors = GoldenFolder.recipes().size() - merges;
        System.out.println("golden recipes: " + AGREED + " of " + merges + " agree, " + REFUSED + " of " + errors
                + " are refused");
    }

    private void merge(String name) throws IOException {
        ParsedRecipe parsed = GoldenFolder.recipe(name);
        PreflightResult preflight = Preflight.check(parsed, GoldenFolder.options(), GoldenFolder.sources());
        assertTrue(preflight.pinned().isPresent(), () -> preflight.problems().toString());
        Path output = temporary.resolve(name);
        new LocalMerge(GoldenFolder.sources(), ExecutionOptions.defaults(), false, false)
                .run(preflight, output, ExecutionListener.NONE);
        List<Path> parents = preflight.orThrow().models().stream()
                .map(model -> GoldenFolder.ROOT.resolve(model.path()))
                .toList();
        OutputComparison.assertAgrees(
                GoldenFolder.truth(name), output, parsed.recipe().mergeMethod(), parents);
        AGREED.incrementAndGet();
    }

    private void refuse(String name) throws IOException {
        PreflightResult preflight =
                Preflight.check(GoldenFolder.recipe(name), GoldenFolder.options(), GoldenFolder.sources());
        List<Problem> errors = preflight.problems().stream()
                .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                .toList();
        assertFalse(errors.isEmpty(), "no error");
        assertTrue(errors.size() <= 2, () -> "too many errors: " + errors);
        assertTrue(preflight.pinned().isEmpty(), "pinned in spite of errors");
        assertEquals(0, preflight.cost().bytesToRead());
        REFUSED.incrementAndGet();
    }
}
