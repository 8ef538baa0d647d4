package io.amalgam.performance;

import io.amalgam.stack.Stack;
import io.amalgam.stack.StackSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder in which a benchmark runs a stack of its own: empty at the beginning, gone at the end, unless the benchmark
 * fails: then its logs are still there.
 *
 * @param home of the project
 * @param path of the folder
 */
record BenchmarkFolder(Path home, Path path) {

    /**
     * Empties the folder.
     *
     * @param chosen by whoever runs the benchmark, or null
     * @param usual its name in the project's folder of working files otherwise
     */
    static BenchmarkFolder open(Path chosen, String usual) throws IOException {
        Path home = Path.of(System.getProperty("amalgam.home", ".")).toAbsolutePath().normalize();
        Path path = chosen == null ? home.resolve(".amalgam").resolve(usual) : chosen.toAbsolutePath().normalize();
        remove(path);
        return new BenchmarkFolder(home, path);
    }

    /** The root of the models. */
    Path models() {
        return path.resolve("models");
    }

    /** The artifact store. */
    Path store() {
        return path.resolve("store");
    }

    /**
     * A stack in this folder that does not evaluate. It ends with the process, whatever becomes of that.
     *
     * @param mergeWorkers how many
     */
    Stack stack(int mergeWorkers, PrintStream out) {
        StackSettings settings = new StackSettings(
                home, path, models(), store(), home.resolve("samples/benchmark"), mergeWorkers, 0, 0, Optional.empty(),
                Optional.empty(), Map.of(), 1, StackSettings.USUAL_RESTARTS);
        Stack stack = new Stack(settings, out::println);
        Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "bench-shutdown"));
        return stack;
    }

    /** Removes a folder with all that is in it, if it is there. */
    static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    /** Removes the folder; the benchmark has succeeded. */
    void remove() throws IOException {
        remove(path);
    }
}
