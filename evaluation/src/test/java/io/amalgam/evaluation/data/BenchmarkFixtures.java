package io.amalgam.evaluation.data;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * The benchmarks' data and what lm-evaluation-harness makes of them, which are no part of this repository: the folder
 * that {@code AMALGAM_BENCHMARKS} names, or {@code ../shared/benchmarks} beside the project. Tests that need them are
 * skipped, and say so, where they are not.
 */
public final class BenchmarkFixtures {
    private static final ObjectMapper JSON = new ObjectMapper();

    private BenchmarkFixtures() {
    }

    /** The folder with the data; ends the test as skipped where there is none. */
    public static Path folder() {
        String named = System.getenv("AMALGAM_BENCHMARKS");
        Path folder = Path.of(named == null || named.isBlank() ? "../../shared/benchmarks" : named);
        Assumptions.assumeTrue(
                Files.isDirectory(folder.resolve("fixtures")),
                "SKIPPED: the benchmarks' data and fixtures are not in " + folder.toAbsolutePath().normalize()
                        + "; set AMALGAM_BENCHMARKS to a folder that has them");
        return folder;
    }

    /** The rows of a file of fixtures. */
    public static List<ObjectNode> rows(String name) throws IOException {
        List<ObjectNode> rows = new ArrayList<>();
        for (String line : Files.readString(folder().resolve("fixtures").resolve(name)).split("\n")) {
            rows.add((ObjectNode) JSON.readTree(line));
        }
        return rows;
    }
}
