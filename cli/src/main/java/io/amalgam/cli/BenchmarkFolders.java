package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkFetcher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Where benchmark data lie: what {@code --data} names, else the sample benchmark and the folder of fetched data. */
final class BenchmarkFolders {
    /** The variable that names the folder of the leaderboard's data. */
    static final String VARIABLE = "AMALGAM_BENCHMARKS";

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "A folder with benchmark data; may be repeated. Unless given: the sample benchmark, and the"
                    + " folder that AMALGAM_BENCHMARKS names or `amalgam benchmarks fetch` has filled.")
    private List<Path> named = List.of();

    /** Returns the folders that are read, which exist. */
    List<Path> existing() {
        for (Path folder : named) {
            if (!Files.isDirectory(folder)) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA, "The benchmark folder " + folder + " does not exist.");
            }
        }
        if (!named.isEmpty()) {
            return named;
        }
        List<Path> folders = new ArrayList<>();
        for (Path folder : List.of(home().resolve("samples/benchmark"), fetched())) {
            if (Files.isDirectory(folder)) {
                folders.add(folder);
            }
        }
        return folders;
    }

    /** Returns the folder that fetched data are put into. */
    Path fetched() {
        if (!named.isEmpty()) {
            return named.getFirst();
        }
        String variable = System.getenv(VARIABLE);
        return variable == null || variable.isBlank() ? home().resolve(".amalgam/benchmarks") : Path.of(variable);
    }

    /** Returns the commits that fetched data were taken from, by data set. */
    Map<String, String> sources() {
        Map<String, String> commits = new TreeMap<>();
        for (Path folder : existing()) {
            commits.putAll(BenchmarkFetcher.sources(folder));
        }
        return commits;
    }

    /** Returns the folder in which answers are remembered. */
    Path cache() {
        return home().resolve(".amalgam/answers");
    }

    /** The project's own folder, as the launcher says it; the working directory without one. */
    private static Path home() {
        return Path.of(System.getProperty("amalgam.home", ""));
    }
}
