package io.amalgam.performance;

import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.merge.LocalMerge;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Merging without the start of a program: layers of the shape of an eight billion parameter model, merged again and again in
 * one process, beside a plain copy of the same bytes in the same process.
 *
 * <p>Arguments: {@code --size BILLIONS} (0.22, a layer), {@code --runs N} (4), {@code --methods A,B} (linear), {@code --folder
 * DIR}.
 */
public final class ChunkBenchmark {
    private static final String NAME = "bench chunk";
    private static final int LEAST_RUNS = 4;

    private ChunkBenchmark() {
    }

    /** Runs the benchmark; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws InterruptedException {
        BenchmarkOptions.run(NAME, 0.22, arguments, ChunkBenchmark::run);
    }

    private static void run(BenchmarkOptions options) throws IOException, InterruptedException {
        Path models = options.folder().resolve("models-8b-" + options.size());
        long parameters = PeerModels.make(models, PeerModels.Shape.EIGHT_BILLION, options.size());
        Map<String, String> recipes = PeerRecipes.all(models.toString());
        System.out.printf("%.2f billion parameters of 8B shape, best of %d in one process%n%n",
                parameters / 1e9, Math.max(LEAST_RUNS, options.runs()));
        System.out.println("| method | merge s | copy s | share of copy |");
        System.out.println("|---|---|---|---|");
        List<String> methods =
                options.methods().isEmpty() ? List.of("linear") : options.methodsAmong(NAME, recipes.keySet());
        for (String method : methods) {
            String recipe = recipes.get(method);
            double merge = Double.MAX_VALUE;
            double copy = Double.MAX_VALUE;
            for (int run = 0; run < Math.max(LEAST_RUNS, options.runs()); run++) {
                merge = Math.min(merge, mergeSeconds(recipe, options.folder().resolve("chunk")));
                copy = Math.min(copy, PlainCopy.seconds(PeerRecipes.inputs(recipe, models), options.folder().resolve("copy")));
            }
            System.out.printf("| %s | %.3f | %.3f | %.0f %% |%n", method, merge, copy, 100 * copy / merge);
        }
    }

    /** Seconds of executing a planned recipe. */
    private static double mergeSeconds(String recipe, Path target) throws IOException {
        ModelSource sources = new LocalModelSource(Path.of("."), true);
        PreflightResult preflight = Preflight.check(RecipeParser.parse(recipe, NAME), PlanOptions.commandLine(), sources);
        BenchmarkFolder.remove(target);
        long start = System.nanoTime();
        new LocalMerge(sources, ExecutionOptions.defaults(), true, false).run(preflight, target, ExecutionListener.NONE);
        double seconds = (System.nanoTime() - start) / 1e9;
        BenchmarkFolder.remove(target);
        return seconds;
    }
}
