package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Amalgam and MergeKit side by side on this machine: models of a given size are made, both programs merge them by each
 * method in changing order, whole processes are timed, outputs compared, and the time of a plain copy of the same bytes is taken
 * in the same run. MergeKit is installed in a virtual environment of its own.
 *
 * <p>Arguments: {@code --size BILLIONS} (0.62), {@code --runs N} (1; three to have everyone first, second and last), {@code --methods A,B}, {@code --folder DIR}.
 */
public final class PeerBenchmark {
    /** The seed of random methods, for both programs. */
    static final String SEED = "11";

    private static final String NAME = "bench peer";
    private static final double GIGA = 1e9;
    private static final double MIB = 1 << 20;

    private final BenchmarkOptions options;
    private final Path folder;

    private PeerBenchmark(BenchmarkOptions options) {
        this.options = options;
        folder = options.folder();
    }

    /** Runs the comparison; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws InterruptedException {
        BenchmarkOptions.run(NAME, 0.62, arguments, options -> new PeerBenchmark(options).run());
    }

    private void run() throws IOException, InterruptedException {
        PeerInstallation peer = PeerInstallation.in(folder);
        Path models = options.models();
        System.err.println("Making models of " + options.size() + " billion parameters in " + models + " …");
        long parameters = PeerModels.make(models, PeerModels.Shape.HALF_BILLION, options.size());
        Map<String, String> recipes = PeerRecipes.all(models.toString());
        double peerStart = startSeconds("mergekit", List.of(peer.program().toString(), "--help"));
        double ourStart = startSeconds("amalgam", List.of(options.launcher().toString(), "merge", "--help"));
        System.out.printf(
                "%.2f billion parameters, %d models and a base, bfloat16, %d processors; best of %d; start alone: MergeKit %.2f s, Amalgam %.2f s%n%n",
                parameters / GIGA,
                PeerModels.FINE_TUNES,
                Runtime.getRuntime().availableProcessors(),
                options.runs(),
                peerStart,
                ourStart);
        System.out.println("| method | MergeKit s | Amalgam s | ratio | ratio without start | MergeKit MiB | Amalgam MiB | copy s"
                + " | share of copy | different weights | worst tensor |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
        for (String method : options.methodsAmong(NAME, recipes.keySet())) {
            measure(method, recipes.get(method), peer.program(), models, peerStart, ourStart);
        }
    }

    /** Seconds that a program takes to start and to say what it can do. */
    private double startSeconds(String name, List<String> command) throws IOException, InterruptedException {
        double best = Double.MAX_VALUE;
        for (int run = 0; run < Math.max(2, options.runs()); run++) {
            best = Math.min(best, MeasuredProcess.step(folder, name + "-start", command).seconds());
        }
        return best;
    }

    private void measure(String method, String recipe, Path peer, Path models, double peerStart, double ourStart)
            throws IOException, InterruptedException {
        Path file = folder.resolve(method + ".yml");
        Files.writeString(file, recipe);
        Path ours = folder.resolve("ours");
        Path theirs = folder.resolve("theirs");
        Best best = new Best();
        List<Step> steps = List.of(
                () -> {
                    BenchmarkFolder.remove(theirs);
                    best.theirs = faster(best.theirs, MeasuredProcess.step(
                            folder,
                            method + "-mergekit",
                            List.of(peer.toString(), file.toString(), theirs.toString(), "--random-seed", SEED)));
                },
                () -> {
                    BenchmarkFolder.remove(ours);
                    best.ours = faster(best.ours, MeasuredProcess.step(
                            folder,
                            method + "-amalgam",
                            List.of(options.launcher().toString(), "merge", file.toString(), ours.toString(), "--random-seed", SEED, "--quiet")));
                },
                () -> best.copy = Math.min(best.copy, PlainCopy.seconds(PeerRecipes.inputs(recipe, models), folder.resolve("copy"))));
        for (int run = 0; run < options.runs(); run++) {
            // Who comes later gets memory that is dearer, so that the order changes.
            for (int place = 0; place < steps.size(); place++) {
                steps.get((run + place) % steps.size()).run();
            }
        }
        OutputComparison comparison = OutputComparison.of(ours, theirs, List.of());
        System.out.printf(
                "| %s | %.2f | %.2f | %.1f | %.1f | %.0f | %.0f | %.2f | %.0f %% | %d of %d | %.3f %% |%n",
                method,
                best.theirs.seconds(),
                best.ours.seconds(),
                best.theirs.seconds() / best.ours.seconds(),
                (best.theirs.seconds() - peerStart) / (best.ours.seconds() - ourStart),
                best.theirs.peakBytes() / MIB,
                best.ours.peakBytes() / MIB,
                best.copy,
                100 * best.copy / best.ours.seconds(),
                comparison.different(),
                comparison.weights(),
                100 * comparison.worstShare());
        BenchmarkFolder.remove(ours);
        BenchmarkFolder.remove(theirs);
    }

    /** One of the things that are measured. */
    @FunctionalInterface
    private interface Step {
        void run() throws IOException, InterruptedException;
    }

    /** The fastest of all runs so far. */
    private static final class Best {
        MeasuredProcess theirs;
        MeasuredProcess ours;
        double copy = Double.MAX_VALUE;
    }

    private static MeasuredProcess faster(MeasuredProcess before, MeasuredProcess now) {
        return before == null || now.seconds() < before.seconds() ? now : before;
    }
}
