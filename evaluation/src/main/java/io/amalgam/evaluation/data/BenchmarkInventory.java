package io.amalgam.evaluation.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the leaderboard's benchmarks consist of: files, numbers of rows, digests, the data sets they come from. The table
 * is {@code benchmarks.json} beside this class; the data are no part of Amalgam.
 */
public final class BenchmarkInventory {
    private static final ObjectMapper JSON = new ObjectMapper();

    private BenchmarkInventory() {
    }

    /**
     * A benchmark.
     *
     * @param name its folder
     * @param dataset the Hub's data set that lm-evaluation-harness reads
     * @param licence the data's licence
     * @param gated whether the data set's terms must be accepted first
     * @param files the data
     * @param prompts files with prompt texts and tables, which come with lm-evaluation-harness or NLTK, not from the Hub
     */
    public record Benchmark(
            String name, String dataset, String licence, boolean gated, List<DataFile> files, List<String> prompts) {
    }

    /**
     * A file of data.
     *
     * @param path its place in the folder of benchmarks
     * @param rows the number of its rows
     * @param fields the fields of a row that matter
     * @param content the digest of these fields over all rows whatever their order, or null where it is not known
     * @param config the data set's configuration, or null
     * @param split the data set's split, or null
     * @param hubFile the file's name in the data set where it does not follow from configuration and split, or null
     * @param only what a row's field must be for the row to be kept, or empty
     */
    public record DataFile(
            String path,
            int rows,
            List<String> fields,
            String content,
            String config,
            String split,
            String hubFile,
            Map<String, String> only) {
    }

    /** Returns all benchmarks. */
    public static List<Benchmark> benchmarks() {
        try (InputStream table = BenchmarkInventory.class.getResourceAsStream("benchmarks.json")) {
            List<Benchmark> benchmarks = new ArrayList<>();
            for (JsonNode entry : JSON.readTree(table)) {
                List<DataFile> files = new ArrayList<>();
                entry.path("files").forEach(file -> files.add(dataFile(file)));
                benchmarks.add(new Benchmark(
                        entry.path("name").asText(), entry.path("dataset").asText(), entry.path("licence").asText(),
                        entry.path("gated").asBoolean(false), List.copyOf(files), texts(entry.path("prompts"))));
            }
            return List.copyOf(benchmarks);
        } catch (IOException e) {
            throw new IllegalStateException("the table of benchmarks is part of this program", e);
        }
    }

    /** Returns what is known of a file by its place in the folder of benchmarks. */
    static Optional<DataFile> file(String path) {
        return benchmarks().stream()
                .flatMap(benchmark -> benchmark.files().stream())
                .filter(file -> file.path().equals(path))
                .findFirst();
    }

    /**
     * Returns the digest of rows: of the fields that matter, whatever the order of rows and fields; absent and null
     * members of objects are the same.
     */
    public static String contentDigest(List<ObjectNode> rows, List<String> fields) {
        List<String> digests = new ArrayList<>();
        for (ObjectNode row : rows) {
            ArrayNode values = JSON.createArrayNode();
            for (String field : fields) {
                JsonNode value = row.get(field);
                values.add(value == null ? null : canonical(value));
            }
            digests.add(Digests.sha256(values.toString()));
        }
        digests.sort(null);
        return Digests.sha256(String.join("\n", digests));
    }

    private static JsonNode canonical(JsonNode value) {
        if (value instanceof ObjectNode object) {
            Map<String, JsonNode> members = new TreeMap<>();
            object.properties().forEach(member -> {
                if (!member.getValue().isNull()) {
                    members.put(member.getKey(), canonical(member.getValue()));
                }
            });
            ObjectNode sorted = JSON.createObjectNode();
            sorted.setAll(members);
            return sorted;
        }
        if (value instanceof ArrayNode array) {
            ArrayNode copy = JSON.createArrayNode();
            array.forEach(element -> copy.add(canonical(element)));
            return copy;
        }
        return value;
    }

    private static DataFile dataFile(JsonNode file) {
        Map<String, String> only = new TreeMap<>();
        file.path("only").properties().forEach(member -> only.put(member.getKey(), member.getValue().asText()));
        return new DataFile(
                file.path("path").asText(), file.path("rows").asInt(), texts(file.path("fields")),
                file.path("content").textValue(), file.path("config").textValue(), file.path("split").textValue(),
                file.path("hubFile").textValue(), only);
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        return List.copyOf(texts);
    }
}
