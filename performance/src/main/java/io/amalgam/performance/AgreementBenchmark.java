package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Compares outputs with MergeKit's on models of a real size, method by method, by the rules of {@link AgreementRule}.
 *
 * <p>MergeKit sorts unstably, and its sums over a tensor depend on the number of threads. So each method is compared with
 * MergeKit under definitions of these two (stable sorts, sums in binary64 rounded once; see {@code mergekit_defined.py}),
 * which decides. With {@code --runs 3} it runs twice more: as it is, and as it is on one thread, which is compared with
 * itself on all.
 *
 * <p>Arguments: {@code --size BILLIONS} (0.2), {@code --runs 1} or {@code 3}, {@code --methods A,B}, {@code --folder DIR}.
 * Outputs of MergeKit that are in the folder are not made again.
 */
public final class AgreementBenchmark {
    private static final String NAME = "bench agreement";
    private static final String SCRIPT = "performance/src/main/python/mergekit_defined.py";

    private final BenchmarkOptions options;
    private final PeerInstallation peer;
    private final Path outputs;

    private AgreementBenchmark(BenchmarkOptions options, PeerInstallation peer) {
        this.options = options;
        this.peer = peer;
        outputs = options.folder().resolve("agreement-" + options.size());
    }

    /** Runs the comparison; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws InterruptedException {
        BenchmarkOptions.run(
                NAME,
                0.2,
                arguments,
                options -> new AgreementBenchmark(options, PeerInstallation.in(options.folder())).run());
    }

    private void run() throws IOException, InterruptedException {
        Path models = options.models();
        long parameters = PeerModels.make(models, PeerModels.Shape.HALF_BILLION, options.size());
        Map<String, String> recipes = PeerRecipes.all(models.toString());
        System.out.printf(
                "%.3f billion parameters, %d models and a base, bfloat16; share of weights that differ%n%n",
                parameters / 1e9, PeerModels.FINE_TUNES);
        System.out.println("| method | rule | from MergeKit with definitions | worst tensor | steps | agrees"
                + " | from MergeKit as it is | MergeKit on one thread from itself on all |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        boolean all = true;
        for (String method : options.methodsAmong(NAME, recipes.keySet())) {
            all &= compare(method, recipes.get(method), models);
        }
        System.out.println();
        System.out.println(all ? "All agree." : "Not all agree.");
        System.exit(all ? 0 : 1);
    }

    private boolean compare(String method, String recipe, Path models) throws IOException, InterruptedException {
        Path file = Files.createDirectories(outputs).resolve(method + ".yml");
        Files.writeString(file, recipe);
        Path defined = peerOutput(method, file, "defined", List.of("--stable"));
        Path plain = options.runs() == 1 ? null : peerOutput(method, file, "plain", List.of());
        Path single = options.runs() == 1 ? null : peerOutput(method, file, "one-thread", List.of("--threads", "1"));
        Path ours = outputs.resolve("ours");
        BenchmarkFolder.remove(ours);
        MeasuredProcess.step(
                options.folder(),
                method + "-amalgam",
                List.of(options.launcher().toString(), "merge", file.toString(), ours.toString(), "--random-seed",
                        PeerBenchmark.SEED, "--quiet"));
        AgreementRule rule = AgreementRule.of(method);
        List<Path> parents = rule == AgreementRule.A_CHOICE
                ? List.of(models.resolve("base"), models.resolve("m0"))
                : List.of();
        OutputComparison decisive = OutputComparison.of(ours, defined, parents);
        OutputComparison.TensorDifference worst = decisive.tensors().stream()
                .max(Comparator.comparingDouble(OutputComparison.TensorDifference::share))
                .orElseThrow();
        boolean agrees = decisive.tensors().stream().allMatch(rule::holds);
        System.out.printf(
                "| %s | %s | %s | %s %.3f %% | %d | %s | %s | %s |%n",
                method,
                rule.inWords(),
                share(decisive),
                worst.different() == 0 ? "" : worst.name(),
                100 * worst.share(),
                decisive.tensors().stream().mapToLong(OutputComparison.TensorDifference::ulps).max().orElse(0),
                agrees ? "yes" : "NO",
                plain == null ? "" : share(OutputComparison.of(ours, plain, List.of())),
                single == null ? "" : share(OutputComparison.of(single, plain, List.of())));
        BenchmarkFolder.remove(ours);
        return agrees;
    }

    private static String share(OutputComparison comparison) {
        return comparison.different() == 0
                ? "0"
                : "%.4f %%".formatted(100.0 * comparison.different() / comparison.weights());
    }

    /** MergeKit's output of a kind; made unless it is there. */
    private Path peerOutput(String method, Path recipe, String kind, List<String> how)
            throws IOException, InterruptedException {
        Path target = outputs.resolve(kind).resolve(method);
        if (!Files.exists(target)) {
            Path part = target.resolveSibling(method + ".part");
            BenchmarkFolder.remove(part);
            Files.createDirectories(target.getParent());
            List<String> command = new ArrayList<>(
                    List.of(peer.python().toString(), options.launcher().resolveSibling(SCRIPT).toString()));
            command.addAll(how);
            command.addAll(List.of(recipe.toString(), part.toString(), "--random-seed", PeerBenchmark.SEED));
            MeasuredProcess.step(options.folder(), method + "-" + kind, command);
            Files.move(part, target);
        }
        return target;
    }
}
