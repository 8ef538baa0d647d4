package io.amalgam.evaluation.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.data.Digests;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Tasks of one's own: a small YAML file next to a file of JSON lines. The task is named as its file, without
 * {@code .yaml}.
 *
 * <pre>{@code
 * version: 1
 * data: navigation.jsonl        # a row a question; the task's name with .jsonl unless given
 * output: multiple_choice       # or exact_match, or generation
 * description: ""               # comes first in every prompt
 * question: "Q: {question}\nA:" # {field} is a field of the row; {{ and }} are braces
 * choices: choices              # multiple_choice: the field with the list of choices, or the list itself
 * answer: answer                # the field with the right choice (its position or its text), or the expected text
 * metric: acc_norm              # multiple_choice: acc_norm or acc
 * shots: 0                      # worked examples: the first rows of the file shots_data
 * shots_data: shots.jsonl
 * stop: ["\n"]                  # exact_match, generation: where an answer ends
 * max_new_tokens: 64
 * pattern: "answer is (\\d+)"   # generation: the last match's first group is compared with the expected text
 * ignore_case: false
 * category: kind                # a field by which scores are given too
 * }</pre>
 */
final class CustomTasks {
    private static final Pattern FIELD = Pattern.compile("\\{\\{|\\}\\}|\\{([A-Za-z_][A-Za-z0-9_]*)\\}");
    private static final Set<String> KEYS = Set.of(
            "version", "data", "output", "description", "question", "choices", "answer", "metric", "shots",
            "shots_data", "stop", "max_new_tokens", "pattern", "ignore_case", "category", "target_delimiter",
            "shot_delimiter");

    private final BenchmarkFolder folder;
    private final String file;
    private final Map<?, ?> settings;

    private CustomTasks(BenchmarkFolder folder, String file, Map<?, ?> settings) {
        this.folder = folder;
        this.file = file;
        this.settings = settings;
    }

    /**
     * Reads a task.
     *
     * @param file the YAML file's name in the folder
     * @param shots the number of worked examples instead of the file's
     */
    static BenchmarkTask read(BenchmarkFolder folder, String file, OptionalInt shots) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(10);
        options.setNestingDepthLimit(10);
        Object document;
        try {
            document = new Yaml(new SafeConstructor(options)).load(folder.readText(file));
        } catch (YAMLException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    folder.root().resolve(file) + " is not YAML: " + e.getMessage().replace('\n', ' '), e);
        }
        if (!(document instanceof Map<?, ?> settings)) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    folder.root().resolve(file) + " is not a mapping of settings to values, as a task's file must be.");
        }
        return new CustomTasks(folder, file, settings).build(shots);
    }

    /** Returns the name that a task file gives its task, without reading its data. */
    static String defaultName(String file) {
        return file.substring(0, file.lastIndexOf('.'));
    }

    private BenchmarkTask build(OptionalInt shotsOverride) {
        for (Object key : settings.keySet()) {
            if (!KEYS.contains(String.valueOf(key))) {
                throw bad("has the unknown key \"" + key + "\"; did you mean \""
                        + NearestName.of(String.valueOf(key), KEYS) + "\"?");
            }
        }
        String name = defaultName(file);
        String data = string("data", name + ".jsonl");
        String version = string("version", "1");
        int shots = shotsOverride.orElse(integer("shots", 0));
        List<Prompt.Shot> examples = examples(shots);
        List<ObjectNode> rows = folder.readLines(data);
        List<Question> questions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            questions.add(question(data, index, rows.get(index), examples));
        }
        String digest = Digests.sha256OfParts(
                "custom-1", name, folder.digest(file), folder.digest(data), Integer.toString(shots),
                shots == 0 ? "" : folder.digest(string("shots_data", null)));
        if (multipleChoice()) {
            String metric = string("metric", Metrics.NORMALISED_ACCURACY);
            if (!metric.equals(Metrics.ACCURACY) && !metric.equals(Metrics.NORMALISED_ACCURACY)) {
                throw bad("has the metric \"" + metric + "\"; a multiple_choice task has acc_norm or acc");
            }
            return new MultipleChoiceTask(
                    new MultipleChoiceTask.Definition(
                            name, version, digest, 0, shots, metric, OptionalDouble.empty(), false),
                    questions);
        }
        return new PatternTask(name, version, digest, shots, matching(), questions);
    }

    private boolean multipleChoice() {
        String output = string("output", "multiple_choice");
        return switch (output) {
            case "multiple_choice" -> true;
            case "exact_match", "generation" -> false;
            default -> throw bad("has the output \"" + output
                    + "\"; it is one of multiple_choice, exact_match, generation");
        };
    }

    private PatternTask.Matching matching() {
        boolean ignoreCase = settings.get("ignore_case") instanceof Boolean flag && flag;
        boolean generation = "generation".equals(string("output", null));
        if (generation != settings.containsKey("pattern")) {
            throw bad(generation
                    ? "has the output generation and therefore needs a pattern"
                    : "has a pattern, which only the output generation uses");
        }
        try {
            return new PatternTask.Matching(
                    generation
                            ? Pattern.compile(string("pattern", null), Pattern.UNIX_LINES | Pattern.MULTILINE)
                            : null,
                    ignoreCase);
        } catch (PatternSyntaxException e) {
            throw bad("has a pattern that is no regular expression: " + e.getDescription());
        }
    }

    private Question question(String data, int index, ObjectNode row, List<Prompt.Shot> examples) {
        Prompt prompt = new Prompt(
                string("description", ""), examples, fill(data, index, row),
                string("target_delimiter", Prompt.DEFAULT_TARGET_DELIMITER),
                string("shot_delimiter", Prompt.DEFAULT_SHOT_DELIMITER));
        String id = row.has("id") ? row.get("id").asText() : Integer.toString(index);
        String categoryField = string("category", null);
        String category = categoryField == null ? null : folder.text(data, index, row, categoryField);
        if (multipleChoice()) {
            List<String> choices = choices(data, index, row);
            int gold = gold(data, index, row, choices);
            return Question.multipleChoice(index, id, prompt, choices, gold, choices.get(gold), category);
        }
        return Question.generation(
                index, id, prompt, new Question.Generation(stops(), integer("max_new_tokens", 64)),
                answer(data, index, row), category);
    }

    private List<Prompt.Shot> examples(int shots) {
        if (shots == 0) {
            return List.of();
        }
        String shotsData = string("shots_data", null);
        if (shotsData == null) {
            throw bad("has no shots_data, from which " + shots + " worked examples could be taken");
        }
        List<ObjectNode> rows = folder.readLines(shotsData);
        if (rows.size() < shots) {
            throw bad("asks for " + shots + " worked examples, but " + shotsData + " has only " + rows.size());
        }
        List<Prompt.Shot> examples = new ArrayList<>();
        for (int index = 0; index < shots; index++) {
            ObjectNode row = rows.get(index);
            String answer;
            if (multipleChoice()) {
                List<String> choices = choices(shotsData, index, row);
                answer = choices.get(gold(shotsData, index, row, choices));
            } else {
                answer = answer(shotsData, index, row);
            }
            examples.add(new Prompt.Shot(fill(shotsData, index, row), answer));
        }
        return examples;
    }

    /** Puts a row's fields into the question template. */
    private String fill(String data, int index, ObjectNode row) {
        Matcher matcher = FIELD.matcher(string("question", "{question}"));
        StringBuilder text = new StringBuilder();
        while (matcher.find()) {
            String replacement = switch (matcher.group()) {
                case "{{" -> "{";
                case "}}" -> "}";
                default -> {
                    JsonNode value = row.get(matcher.group(1));
                    if (value == null || !value.isValueNode()) {
                        throw folder.badRow(
                                data, index, "has no text or number in the field \"" + matcher.group(1)
                                        + "\" that the question of " + file + " uses");
                    }
                    yield value.asText();
                }
            };
            matcher.appendReplacement(text, Matcher.quoteReplacement(replacement));
        }
        return matcher.appendTail(text).toString();
    }

    private List<String> choices(String data, int index, ObjectNode row) {
        List<String> choices = new ArrayList<>();
        if (settings.get("choices") instanceof List<?> fixed) {
            fixed.forEach(choice -> choices.add(String.valueOf(choice)));
        } else {
            row.path(string("choices", "choices")).forEach(choice -> choices.add(choice.asText()));
        }
        if (choices.size() < 2 || choices.contains("")) {
            throw folder.badRow(data, index, "does not have two or more choices, none of them empty");
        }
        return choices;
    }

    private int gold(String data, int index, ObjectNode row, List<String> choices) {
        JsonNode value = row.path(string("answer", "answer"));
        int gold = value.isInt() ? value.intValue() : choices.indexOf(value.asText());
        if (gold < 0 || gold >= choices.size()) {
            throw folder.badRow(
                    data, index, "has the answer " + value + ", which is neither one of its " + choices.size()
                            + " choices nor the position of one, counted from 0");
        }
        return gold;
    }

    private String answer(String data, int index, ObjectNode row) {
        JsonNode value = row.path(string("answer", "answer"));
        if (!value.isValueNode() || value.isNull()) {
            throw folder.badRow(data, index, "has no answer in the field \"" + string("answer", "answer") + "\"");
        }
        return value.asText();
    }

    private List<String> stops() {
        List<String> stops = new ArrayList<>();
        switch (settings.get("stop")) {
            case null -> stops.add("\n");
            case List<?> list -> list.forEach(stop -> stops.add(String.valueOf(stop)));
            case Object single -> stops.add(String.valueOf(single));
        }
        return stops;
    }

    private String string(String key, String fallback) {
        Object value = settings.get(key);
        return value == null ? fallback : String.valueOf(value);
    }

    private int integer(String key, int fallback) {
        return switch (settings.get(key)) {
            case null -> fallback;
            case Integer number when number >= 0 -> number;
            case Object other -> throw bad("has " + key + ": " + other + "; it is a whole number, 0 or more");
        };
    }

    private AmalgamException bad(String problem) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA, "The task file " + folder.root().resolve(file) + " " + problem + ".");
    }
}
