package io.amalgam.performance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Amalgam and MergeKit side by side on this machine: models of a given size are made, both programs merge them by each
 * method alternately, whole processes are timed, outputs compared, and the time of a plain copy of the same bytes is taken
 * in the same run. MergeKit is installed in a virtual environment of its own.
 *
 * <p>Arguments: {@code --size BILLIONS} (0.62), {@code --runs N} (1), {@code --methods A,B}, {@code --folder DIR}.
 */
public final class PeerBenchmark {
    private static final String SEED = "11";
    /** The versions whose numbers the documentation states. */
    private static final List<String> PEER =
            List.of("mergekit==0.1.5", "torch==2.15.0", "transformers==5.23.0", "numpy==2.4.6", "safetensors==0.8.0");
    private static final double GIGA = 1e9;
    private static final double MIB = 1 << 20;

    private final Path amalgam;
    private final Path folder;
    private final int runs;

    private PeerBenchmark(Path amalgam, Path folder, int runs) {
        this.amalgam = amalgam;
        this.folder = folder;
        this.runs = runs;
    }

    /** Runs the comparison; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path launcher = Path.of(arguments[0]).toAbsolutePath();
        double size = 0.62;
        int runs = 1;
        List<String> methods = new ArrayList<>();
        Path folder = launcher.resolveSibling(".amalgam").resolve("bench");
        for (int i = 1; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                fail(arguments[i] + " needs a value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--size" -> size = Double.parseDouble(value);
                case "--runs" -> runs = Integer.parseInt(value);
                case "--methods" -> methods.addAll(List.of(value.split(",")));
                case "--folder" -> folder = Path.of(value).toAbsolutePath();
                default -> fail("unknown option " + arguments[i] + "; there are --size, --runs, --methods, --folder");
            }
        }
        new PeerBenchmark(launcher, folder, runs).run(size, methods);
    }

    private static void fail(String message) {
        System.err.println("bench peer: " + message);
        System.exit(2);
    }

    private void run(double size, List<String> wanted) throws IOException, InterruptedException {
        Files.createDirectories(folder.resolve("logs"));
        Path peer = installPeer();
        Path models = folder.resolve("models-" + size);
        System.err.println("Making models of " + size + " billion parameters in " + models + " …");
        long parameters = PeerModels.make(models, size);
        Map<String, String> recipes = PeerRecipes.all(models.toString());
        List<String> methods = wanted.isEmpty() ? List.copyOf(recipes.keySet()) : wanted;
        for (String method : methods) {
            if (!recipes.containsKey(method)) {
                fail("unknown method " + method + "; there are " + String.join(", ", recipes.keySet()));
            }
        }
        System.out.printf(
                "%.2f billion parameters, %d models and a base, bfloat16, %d processors; best of %d%n%n",
                parameters / GIGA, PeerModels.FINE_TUNES, Runtime.getRuntime().availableProcessors(), runs);
        System.out.println(
                "| method | MergeKit s | Amalgam s | ratio | MergeKit MiB | Amalgam MiB | copy s | share of copy | different weights | worst tensor |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|");
        for (String method : methods) {
            measure(method, recipes.get(method), peer, models);
        }
    }

    private Path installPeer() throws IOException, InterruptedException {
        Path environment = folder.resolve("mergekit");
        Path program = environment.resolve("bin/mergekit-yaml");
        if (!Files.isExecutable(program)) {
            System.err.println("Installing " + String.join(" ", PEER) + " in " + environment + " …");
            step("venv", List.of("python3", "-m", "venv", environment.toString()));
            List<String> install = new ArrayList<>(List.of(environment.resolve("bin/pip").toString(), "install", "-q"));
            install.addAll(PEER);
            step("pip", install);
        }
        return program;
    }

    private void step(String name, List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("logs").resolve(name + ".log");
        if (MeasuredProcess.run(command, folder, log).exitCode() != 0) {
            fail(String.join(" ", command) + " failed; see " + log);
        }
    }

    private void measure(String method, String recipe, Path peer, Path models) throws IOException, InterruptedException {
        Path file = folder.resolve(method + ".yml");
        Files.writeString(file, recipe);
        Path ours = folder.resolve("ours");
        Path theirs = folder.resolve("theirs");
        MeasuredProcess bestOurs = null;
        MeasuredProcess bestTheirs = null;
        double copy = Double.MAX_VALUE;
        for (int run = 0; run < runs; run++) {
            delete(theirs);
            bestTheirs = best(bestTheirs, merge(
                    method + "-mergekit",
                    List.of(peer.toString(), file.toString(), theirs.toString(), "--random-seed", SEED)));
            delete(ours);
            bestOurs = best(bestOurs, merge(
                    method + "-amalgam",
                    List.of(amalgam.toString(), "merge", file.toString(), ours.toString(), "--random-seed", SEED, "--quiet")));
            copy = Math.min(copy, copySeconds(recipe, models));
        }
        OutputComparison comparison = OutputComparison.of(ours, theirs);
        System.out.printf(
                "| %s | %.2f | %.2f | %.1f | %.0f | %.0f | %.2f | %.0f %% | %d of %d | %.3f %% |%n",
                method,
                bestTheirs.seconds(),
                bestOurs.seconds(),
                bestTheirs.seconds() / bestOurs.seconds(),
                bestTheirs.peakBytes() / MIB,
                bestOurs.peakBytes() / MIB,
                copy,
                100 * copy / bestOurs.seconds(),
                comparison.different(),
                comparison.weights(),
                100 * comparison.worstShare());
        delete(ours);
        delete(theirs);
    }

    private MeasuredProcess merge(String name, List<String> command) throws IOException, InterruptedException {
        Path log = folder.resolve("logs").resolve(name + ".log");
        MeasuredProcess process = MeasuredProcess.run(command, folder, log);
        if (process.exitCode() != 0) {
            fail(name + " failed; see " + log);
        }
        return process;
    }

    private static MeasuredProcess best(MeasuredProcess before, MeasuredProcess now) {
        return before == null || now.seconds() < before.seconds() ? now : before;
    }

    /** Reads what a recipe reads once, on all processors, and writes as much as the output has. */
    private double copySeconds(String recipe, Path models) throws IOException, InterruptedException {
        List<Path> inputs = new ArrayList<>();
        for (String name : PeerModels.names()) {
            if (recipe.contains("/" + name + "\n")) {
                inputs.add(models.resolve(name).resolve("model.safetensors"));
            }
        }
        Path target = folder.resolve("copy");
        long start = System.nanoTime();
        try (FileChannel out = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            int processors = Runtime.getRuntime().availableProcessors();
            List<Thread> threads = new ArrayList<>();
            for (int part = 0; part < processors; part++) {
                int own = part;
                threads.add(Thread.ofPlatform().start(() -> copyPart(inputs, out, own, processors)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        double seconds = (System.nanoTime() - start) / GIGA;
        Files.delete(target);
        return seconds;
    }

    private static void copyPart(List<Path> inputs, FileChannel out, int part, int parts) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
        for (int input = 0; input < inputs.size(); input++) {
            try (FileChannel in = FileChannel.open(inputs.get(input))) {
                for (long position = (long) part * buffer.capacity(); position < in.size(); position += (long) parts * buffer.capacity()) {
                    buffer.clear();
                    in.read(buffer, position);
                    if (input == 0) {
                        out.write(buffer.flip(), position);
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
