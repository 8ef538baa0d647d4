package io.amalgam.evaluation.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Takes prompt texts and tables from where they come from: the task definitions of lm-evaluation-harness, and NLTK's
 * Punkt parameters. They are read as data; no code is run.
 */
final class PromptFiles {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String LEADERBOARD = "lm_eval/tasks/leaderboard";

    private PromptFiles() {
    }

    /**
     * Reads what lm-evaluation-harness knows.
     *
     * @param harness a checkout of it, or the folder that its package was unpacked into
     * @return the contents of files by their place in the folder of benchmarks
     * @throws AmalgamException with {@code BENCHMARK_DATA} if it is not there, or not as expected
     */
    static Map<String, String> ofHarness(Path harness) {
        Path leaderboard = harness.resolve(LEADERBOARD);
        if (!Files.isDirectory(leaderboard)) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    harness + " is no copy of lm-evaluation-harness: it has no folder " + LEADERBOARD + ".");
        }
        BenchmarkFolder folder = new BenchmarkFolder(leaderboard);
        Map<String, String> files = new LinkedHashMap<>();
        files.put("bbh/_task_config.json", write(bbh(folder)));
        String source = folder.readText("math/utils.py");
        files.put("math_hard/_fewshot.json", write(mathExamples(folder, source)));
        ObjectNode tables = JSON.createObjectNode();
        for (String table : List.of("SUBSTITUTIONS", "REMOVED_EXPRESSIONS")) {
            tables.set(table, JSON.valueToTree(literal(folder, source, table + " = ")));
        }
        files.put("math_hard/_minerva_normalisation_tables.json", write(tables));
        return files;
    }

    /**
     * Reads Punkt's parameters for English.
     *
     * @param nltkData a folder of NLTK's data, with {@code tokenizers/punkt_tab/english}
     * @return the contents of files by their place in the folder of benchmarks
     * @throws AmalgamException with {@code BENCHMARK_DATA} if they are not there, or not as expected
     */
    static Map<String, String> ofNltk(Path nltkData) {
        BenchmarkFolder folder = new BenchmarkFolder(nltkData.resolve("tokenizers/punkt_tab/english"));
        ObjectNode parameters = JSON.createObjectNode();
        parameters.set("abbrev_types", JSON.valueToTree(lines(folder, "abbrev_types.txt")));
        parameters.set("sent_starters", JSON.valueToTree(lines(folder, "sent_starters.txt")));
        ArrayNode collocations = parameters.putArray("collocations");
        for (String line : lines(folder, "collocations.tab")) {
            String[] pair = pair(folder, "collocations.tab", line);
            collocations.addArray().add(pair[0]).add(pair[1]);
        }
        ObjectNode spellings = parameters.putObject("ortho_context");
        for (String line : lines(folder, "ortho_context.tab")) {
            String[] pair = pair(folder, "ortho_context.tab", line);
            try {
                spellings.put(pair[0], Integer.parseInt(pair[1].strip()));
            } catch (NumberFormatException e) {
                throw unexpected(folder, "ortho_context.tab");
            }
        }
        return Map.of("ifeval/punkt_english/punkt_english.json", write(parameters));
    }

    private static ObjectNode bbh(BenchmarkFolder folder) {
        ObjectNode subtasks = JSON.createObjectNode();
        for (BenchmarkInventory.Benchmark benchmark : BenchmarkInventory.benchmarks()) {
            if (!benchmark.name().equals("bbh")) {
                continue;
            }
            for (BenchmarkInventory.DataFile file : benchmark.files()) {
                String name = "bbh_mc/" + file.config() + ".yaml";
                Map<?, ?> definition = yaml(folder, name);
                ObjectNode subtask = subtasks.putObject(file.config());
                subtask.put("description", String.valueOf(definition.get("description")));
                Object choices = definition.get("doc_to_choice");
                subtask.set(
                        "choices", JSON.valueToTree(choices instanceof String text ? PythonLiteral.parse(text) : choices));
                if (!(definition.get("fewshot_config") instanceof Map<?, ?> examples
                        && examples.get("samples") instanceof List<?> samples)) {
                    throw unexpected(folder, name);
                }
                subtask.set("fewshot", JSON.valueToTree(samples));
            }
        }
        return subtasks;
    }

    private static JsonNode mathExamples(BenchmarkFolder folder, String source) {
        int function = source.indexOf("def list_fewshot_samples");
        ArrayNode examples = JSON.createArrayNode();
        for (JsonNode sample : JSON.<JsonNode>valueToTree(
                literal(folder, source.substring(Math.max(0, function)), "return "))) {
            ObjectNode example = examples.addObject();
            example.put("problem", sample.path("problem").asText());
            example.put("solution", sample.path("solution").asText());
        }
        return examples;
    }

    private static Object literal(BenchmarkFolder folder, String source, String prefix) {
        int start = source.indexOf(prefix);
        try {
            if (start >= 0) {
                return PythonLiteral.parseAt(source, start + prefix.length());
            }
        } catch (IllegalArgumentException e) {
            throw unexpected(folder, "math/utils.py");
        }
        throw unexpected(folder, "math/utils.py");
    }

    private static Map<?, ?> yaml(BenchmarkFolder folder, String name) {
        try {
            if (new Yaml(new SafeConstructor(new LoaderOptions())).load(folder.readText(name)) instanceof Map<?, ?> map) {
                return map;
            }
        } catch (YAMLException e) {
            throw unexpected(folder, name);
        }
        throw unexpected(folder, name);
    }

    private static List<String> lines(BenchmarkFolder folder, String name) {
        List<String> lines = new ArrayList<>();
        for (String line : folder.readText(name).split("\n")) {
            if (!line.isEmpty()) {
                lines.add(line);
            }
        }
        return lines;
    }

    private static String[] pair(BenchmarkFolder folder, String name, String line) {
        String[] pair = line.split("\t", -1);
        if (pair.length != 2) {
            throw unexpected(folder, name);
        }
        return pair;
    }

    private static AmalgamException unexpected(BenchmarkFolder folder, String name) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                folder.root().resolve(name) + " is not as in lm-evaluation-harness 0.4.13 or NLTK 3.10.");
    }

    private static String write(JsonNode node) {
        try {
            return JSON.writeValueAsString(node) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a document of texts can be written", e);
        }
    }
}
