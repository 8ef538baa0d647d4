package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Merges by every method under a hard limit of one gibibyte: each is a process of its own in a group that the kernel kills
 * when it needs more. Ends with status 1 if one does.
 *
 * <p>Arguments: {@code --size BILLIONS} (0.62), {@code --methods A,B}, {@code --folder DIR}.
 */
public final class MemoryBenchmark {
    private static final String NAME = "bench memory";
    private static final long LIMIT = 1L << 30;
    private static final double MIB = 1 << 20;

    private MemoryBenchmark() {
    }

    /** Runs the merges; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws InterruptedException {
        BenchmarkOptions.run(NAME, 0.62, arguments, MemoryBenchmark::run);
    }

    private static void run(BenchmarkOptions options) throws IOException, InterruptedException {
        Path folder = options.folder();
        Path models = options.models();
        long parameters = PeerModels.make(models, PeerModels.Shape.HALF_BILLION, options.size());
        Map<String, String> recipes = PeerRecipes.all(models.toString());
        System.out.printf("%.2f billion parameters, %d models and a base, bfloat16, in %.0f MiB%n%n",
                parameters / 1e9, PeerModels.FINE_TUNES, LIMIT / MIB);
        System.out.println("| method | seconds | resident MiB | |");
        System.out.println("|---|---|---|---|");
        boolean killed = false;
        Path output = folder.resolve("limited");
        for (String method : options.methodsAmong(NAME, recipes.keySet())) {
            Path recipe = folder.resolve(method + ".yml");
            Files.writeString(recipe, recipes.get(method));
            BenchmarkFolder.remove(output);
            try (MemoryLimit limit = MemoryLimit.of(LIMIT)) {
                MeasuredProcess merge = MeasuredProcess.run(
                        limit.around(List.of(options.launcher().toString(), "merge", recipe.toString(), output.toString(), "--quiet")),
                        folder,
                        Files.createDirectories(folder.resolve("logs")).resolve(method + "-limited.log"));
                boolean done = merge.exitCode() == 0 && Files.exists(output.resolve("amalgam.json"));
                killed |= !done;
                System.out.printf("| %s | %.2f | %.0f | %s |%n",
                        method, merge.seconds(), merge.peakBytes() / MIB, done ? "done" : "ended with " + merge.exitCode());
            }
        }
        BenchmarkFolder.remove(output);
        if (killed) {
            System.exit(1);
        }
    }
}
