package io.amalgam.evaluation.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkInventory.DataFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The digests of the files that {@code benchmarks fetch} wrote ({@code digests.json} in the folder of benchmarks), so that
 * a file that was damaged or changed afterwards is found out, though the Hub may have other rows than are known here.
 */
public final class FetchedDigests {
    static final String FILE = "digests.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Map<String, String> digests = new TreeMap<>();

    private FetchedDigests() {
    }

    /** Reads what is kept in a folder; nothing where nothing was fetched. */
    static FetchedDigests of(BenchmarkFolder folder) {
        FetchedDigests digests = new FetchedDigests();
        if (folder.has(FILE)) {
            folder.readJson(FILE).properties()
                    .forEach(file -> digests.digests.put(file.getKey(), file.getValue().asText()));
        }
        return digests;
    }

    /** The SHA-256 of a file as it was fetched. */
    Optional<String> find(String path) {
        return Optional.ofNullable(digests.get(path));
    }

    /** Notes a file as it was fetched. */
    void put(String path, byte[] content) {
        digests.put(path, Digests.sha256(content));
    }

    /** All of it, as it is kept. */
    byte[] toJson() {
        try {
            return (JSON.writeValueAsString(digests) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of texts can be written", e);
        }
    }

    /**
     * Reads the rows of a file of the leaderboard's data, if they are the benchmark's or what was fetched.
     *
     * @throws AmalgamException with {@code BENCHMARK_DATA} if they are missing, unreadable, or neither
     */
    public static List<ObjectNode> rows(BenchmarkFolder folder, String path) {
        List<ObjectNode> rows = folder.readLines(path);
        DataFile known = BenchmarkInventory.file(path).orElse(null);
        Optional<String> fetched = of(folder).find(path);
        if (fetched.isPresent() && fetched.get().equals(folder.digest(path))) {
            return rows;
        }
        String expected = known == null || known.content() == null ? null : known.content();
        if (expected != null) {
            String seen = BenchmarkInventory.contentDigest(rows, known.fields());
            if (!seen.equals(expected)) {
                throw refused(folder, path, seen, expected);
            }
        } else if (fetched.isPresent()) {
            throw refused(folder, path, folder.digest(path), fetched.get());
        }
        return rows;
    }

    private static AmalgamException refused(BenchmarkFolder folder, String path, String seen, String expected) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                "The benchmark file " + folder.root().resolve(path) + " has the digest " + seen + "; expected " + expected
                        + ": a score on it would not be the benchmark's. Fetch it again with `amalgam benchmarks fetch"
                        + " --force`, or make it a task of your own.");
    }
}
