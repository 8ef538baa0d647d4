package io.amalgam.evaluation.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.data.Digests;
import io.amalgam.evaluation.data.FetchedDigests;
import io.amalgam.evaluation.data.PythonLiteral;
import io.amalgam.evaluation.score.instruction.InstructionChecker;
import io.amalgam.evaluation.score.math.BoxedAnswer;
import io.amalgam.evaluation.score.math.MinervaNormalizer;
import io.amalgam.evaluation.task.InstructionTask.Instruction;
import io.amalgam.evaluation.task.MultipleChoiceTask.Definition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The Open LLM Leaderboard's tasks (version 2) as lm-evaluation-harness 0.4.13 defines them, but for GPQA in
 * {@link GpqaTasks}: names, prompts, numbers of worked examples, metrics.
 *
 * <p>Questions, worked examples and descriptions are data of the benchmarks and are read from a folder; only how they
 * are put together is here.
 */
final class LeaderboardTasks {
    /** The group of all. */
    static final String LEADERBOARD = "leaderboard";
    /** The group of BIG-Bench Hard's subtasks. */
    static final String BBH = "leaderboard_bbh";
    /** The group of MATH's subjects, level 5 only. */
    static final String MATH = "leaderboard_math_hard";
    /** The group of MuSR's kinds. */
    static final String MUSR = "leaderboard_musr";
    /** MMLU-Pro. */
    static final String MMLU_PRO = "leaderboard_mmlu_pro";
    /** IFEval. */
    static final String IFEVAL = "leaderboard_ifeval";

    /** BBH's subtasks; those with free-form answers are not part of the leaderboard. */
    static final List<String> BBH_SUBTASKS = List.of(
            "boolean_expressions", "causal_judgement", "date_understanding", "disambiguation_qa", "formal_fallacies",
            "geometric_shapes", "hyperbaton", "logical_deduction_five_objects", "logical_deduction_seven_objects",
            "logical_deduction_three_objects", "movie_recommendation", "navigate", "object_counting",
            "penguins_in_a_table", "reasoning_about_colored_objects", "ruin_names",
            "salient_translation_error_detection", "snarks", "sports_understanding", "temporal_sequences",
            "tracking_shuffled_objects_five_objects", "tracking_shuffled_objects_seven_objects",
            "tracking_shuffled_objects_three_objects", "web_of_lies");

    /** MATH's task names by the names of their data. */
    static final Map<String, String> MATH_SUBJECTS = ordered(
            "algebra", "leaderboard_math_algebra_hard",
            "counting_and_probability", "leaderboard_math_counting_and_prob_hard",
            "geometry", "leaderboard_math_geometry_hard",
            "intermediate_algebra", "leaderboard_math_intermediate_algebra_hard",
            "number_theory", "leaderboard_math_num_theory_hard",
            "prealgebra", "leaderboard_math_prealgebra_hard",
            "precalculus", "leaderboard_math_precalculus_hard");

    /** MuSR's kinds: the number of questions of each, and the leaderboard's bound. */
    static final List<MusrKind> MUSR_KINDS = List.of(
            new MusrKind("murder_mysteries", 250, 0.5),
            new MusrKind("object_placements", 256, 0.2),
            new MusrKind("team_allocation", 250, 1.0 / 3));

    private static final int BBH_SHOTS = 3;
    private static final int MATH_SHOTS = 4;
    private static final String MATH_LEVEL = "Level 5";
    private static final int MMLU_PRO_SHOTS = 5;
    private static final double MMLU_PRO_BOUND = 0.10;

    private final BenchmarkFolder folder;
    private final OptionalInt shotsOverride;

    /** A kind of MuSR's questions. */
    record MusrKind(String name, int fullSize, double bound) {
        String task() {
            return MUSR + "_" + name;
        }
    }

    /** The tasks with the data of a folder. */
    LeaderboardTasks(BenchmarkFolder folder, OptionalInt shotsOverride) {
        this.folder = folder;
        this.shotsOverride = shotsOverride;
    }

    /** A subtask of BIG-Bench Hard. */
    BenchmarkTask bbh(String subtask) {
        String configurationFile = "bbh/_task_config.json";
        JsonNode configuration = folder.readJson(configurationFile).path(subtask);
        List<String> choices = texts(configuration.path("choices"), configurationFile, subtask);
        JsonNode samples = configuration.path("fewshot");
        int shots = shots(BBH_SHOTS, samples.size());
        List<Prompt.Shot> examples = new ArrayList<>();
        for (int index = 0; index < shots; index++) {
            JsonNode sample = samples.get(index);
            examples.add(new Prompt.Shot(bbhQuestion(sample.path("input").asText()), sample.path("target").asText()));
        }
        String description = configuration.path("description").asText();
        String file = "bbh/" + subtask + ".jsonl";
        List<ObjectNode> rows = FetchedDigests.rows(folder, file);
        List<Question> questions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            String target = folder.text(file, index, rows.get(index), "target");
            Prompt prompt = Prompt.of(
                    description, examples, bbhQuestion(folder.text(file, index, rows.get(index), "input")));
            questions.add(Question.multipleChoice(
                    index, Integer.toString(index), prompt, choices, choices.indexOf(target), target, null));
        }
        String name = BBH + "_" + subtask;
        return new MultipleChoiceTask(
                new Definition(
                        name, "1.0",
                        Digests.sha256OfParts(
                                name, "1.0", Integer.toString(shots), configuration.toString(), folder.digest(file)),
                        0, shots, Metrics.NORMALISED_ACCURACY, OptionalDouble.of(1.0 / choices.size()), false),
                questions);
    }

    private static String bbhQuestion(String input) {
        return "Q: " + input + "\nA:";
    }

    /** IFEval. */
    BenchmarkTask ifeval() {
        noShots(IFEVAL);
        String file = "ifeval/input_data.jsonl";
        String punkt = "ifeval/punkt_english/punkt_english.json";
        List<ObjectNode> rows = FetchedDigests.rows(folder, file);
        List<Question> questions = new ArrayList<>();
        List<List<Instruction>> instructions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            ObjectNode row = rows.get(index);
            Prompt prompt = Prompt.of("", List.of(), folder.text(file, index, row, "prompt"));
            questions.add(Question.generation(
                    index, row.path("key").asText(), prompt, InstructionTask.GENERATION, "", null));
            instructions.add(instructions(file, index, row));
        }
        return new InstructionTask(
                IFEVAL, Digests.sha256OfParts(IFEVAL, folder.digest(file), folder.digest(punkt)),
                new InstructionChecker(folder.readJson(punkt)), questions, instructions);
    }

    private List<Instruction> instructions(String file, int index, ObjectNode row) {
        JsonNode names = row.path("instruction_id_list");
        JsonNode parameters = row.path("kwargs");
        if (names.isEmpty() || names.size() != parameters.size()) {
            throw folder.badRow(file, index, "does not have an object of parameters for each of its instructions");
        }
        List<Instruction> instructions = new ArrayList<>();
        for (int instruction = 0; instruction < names.size(); instruction++) {
            String name = names.get(instruction).asText();
            if (!InstructionChecker.INSTRUCTIONS.contains(name)) {
                throw folder.badRow(file, index, "has the unknown instruction \"" + name + "\"");
            }
            instructions.add(new Instruction(name, parameters.get(instruction)));
        }
        return instructions;
    }

    /** A subject of MATH, level 5. */
    BenchmarkTask math(String subject) {
        String shotsFile = "math_hard/_fewshot.json";
        JsonNode samples = folder.readJson(shotsFile);
        int shots = shots(MATH_SHOTS, samples.size());
        List<Prompt.Shot> examples = new ArrayList<>();
        for (int index = 0; index < shots; index++) {
            JsonNode sample = samples.get(index);
            examples.add(new Prompt.Shot(
                    mathQuestion(sample.path("problem").asText()), sample.path("solution").asText()));
        }
        String file = "math_hard/" + subject + ".jsonl";
        List<ObjectNode> rows = FetchedDigests.rows(folder, file);
        List<Question> questions = new ArrayList<>();
        List<String> solutions = new ArrayList<>();
        for (int row = 0; row < rows.size(); row++) {
            if (!folder.text(file, row, rows.get(row), "level").equals(MATH_LEVEL)) {
                continue;
            }
            Prompt prompt = Prompt.of("", examples, mathQuestion(folder.text(file, row, rows.get(row), "problem")));
            questions.add(Question.generation(
                    questions.size(), Integer.toString(row), prompt, MathTask.GENERATION,
                    boxedAnswer(file, row, rows.get(row)), null));
            solutions.add(rows.get(row).get("solution").textValue());
        }
        String tables = "math_hard/_minerva_normalisation_tables.json";
        String name = MATH_SUBJECTS.get(subject);
        return new MathTask(
                name,
                Digests.sha256OfParts(
                        name, Integer.toString(shots), folder.digest(shotsFile), folder.digest(file),
                        folder.digest(tables)),
                shots, new MinervaNormalizer(folder.readJson(tables)), questions, solutions);
    }

    private static String mathQuestion(String problem) {
        return "Problem:\n" + problem + "\n\nSolution:";
    }

    private String boxedAnswer(String file, int row, ObjectNode fields) {
        try {
            return BoxedAnswer.of(folder.text(file, row, fields, "solution"));
        } catch (IllegalArgumentException e) {
            throw folder.badRow(file, row, "has a solution without a boxed answer");
        }
    }

    /** A kind of MuSR's questions. */
    BenchmarkTask musr(MusrKind kind) {
        String full = "musr/" + kind.name() + ".jsonl";
        String file = folder.has(full) ? full : "musr/" + kind.name() + ".sample.jsonl";
        if (!folder.has(file)) {
            file = full;
        }
        noShots(kind.task());
        List<ObjectNode> rows = FetchedDigests.rows(folder, file);
        List<Question> questions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            ObjectNode row = rows.get(index);
            List<String> choices = pythonStrings(file, index, folder.text(file, index, row, "choices"));
            StringBuilder text = new StringBuilder()
                    .append(folder.text(file, index, row, "narrative")).append("\n\n")
                    .append(folder.text(file, index, row, "question")).append("\n\n");
            for (int choice = 0; choice < choices.size(); choice++) {
                text.append(choice + 1).append(" - ").append(choices.get(choice)).append('\n');
            }
            text.append("\nAnswer:");
            String target = folder.text(file, index, row, "answer_choice");
            questions.add(Question.multipleChoice(
                    index, Integer.toString(index), Prompt.of("", List.of(), text.toString()), choices,
                    choices.indexOf(target), target, null));
        }
        return new MultipleChoiceTask(
                new Definition(
                        kind.task(), "1.0", Digests.sha256OfParts(kind.task(), "1.0", folder.digest(file)),
                        kind.fullSize(), 0, Metrics.NORMALISED_ACCURACY, OptionalDouble.of(kind.bound()), false),
                questions);
    }

    /** MMLU-Pro. */
    BenchmarkTask mmluPro() {
        String shotsFile = "mmlu_pro/validation.jsonl";
        List<ObjectNode> samples = FetchedDigests.rows(folder, shotsFile);
        int shots = shots(MMLU_PRO_SHOTS, samples.size());
        List<Prompt.Shot> examples = new ArrayList<>();
        for (int index = 0; index < shots; index++) {
            ObjectNode sample = samples.get(index);
            examples.add(new Prompt.Shot(
                    mmluProQuestion(shotsFile, index, sample), folder.text(shotsFile, index, sample, "answer")));
        }
        String file = "mmlu_pro/test.jsonl";
        List<ObjectNode> rows = FetchedDigests.rows(folder, file);
        List<Question> questions = new ArrayList<>();
        for (int index = 0; index < rows.size(); index++) {
            ObjectNode row = rows.get(index);
            List<String> letters = new ArrayList<>();
            for (int option = 0; option < row.path("options").size(); option++) {
                letters.add(letter(option));
            }
            String target = folder.text(file, index, row, "answer");
            questions.add(Question.multipleChoice(
                    index, row.path("question_id").asText(),
                    Prompt.of("", examples, mmluProQuestion(file, index, row)), letters, letters.indexOf(target),
                    target, folder.text(file, index, row, "category")));
        }
        return new MultipleChoiceTask(
                new Definition(
                        MMLU_PRO, "0.1",
                        Digests.sha256OfParts(
                                MMLU_PRO, "0.1", Integer.toString(shots), folder.digest(shotsFile),
                                folder.digest(file)),
                        12_032, shots, Metrics.ACCURACY, OptionalDouble.of(MMLU_PRO_BOUND), false),
                questions);
    }

    private String mmluProQuestion(String file, int index, ObjectNode row) {
        StringBuilder text = new StringBuilder(folder.text(file, index, row, "question")).append('\n');
        JsonNode options = row.path("options");
        if (!options.isArray() || options.size() < 2 || options.size() > 26) {
            throw folder.badRow(file, index, "does not have 2 to 26 options");
        }
        for (int option = 0; option < options.size(); option++) {
            text.append(letter(option)).append(". ").append(options.get(option).asText()).append('\n');
        }
        return text.append("Answer:").toString();
    }

    private static String letter(int position) {
        return String.valueOf((char) ('A' + position));
    }

    private int shots(int usual, int available) {
        int shots = shotsOverride.orElse(usual);
        if (shots > available) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID,
                    "There are " + shots + " worked examples asked for, but the task has only " + available
                            + "; ask for fewer.");
        }
        return shots;
    }

    private void noShots(String task) {
        if (shotsOverride.orElse(0) > 0) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "The task " + task + " has no worked examples; ask for 0.");
        }
    }

    private List<String> texts(JsonNode list, String file, String subtask) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.asText()));
        if (texts.size() < 2) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    folder.root().resolve(file) + " has no list of choices for the subtask " + subtask + ".");
        }
        return texts;
    }

    private List<String> pythonStrings(String file, int index, String literal) {
        try {
            if (PythonLiteral.parse(literal) instanceof List<?> list && list.size() > 1
                    && list.stream().allMatch(String.class::isInstance)) {
                return list.stream().map(String.class::cast).toList();
            }
        } catch (IllegalArgumentException e) {
            throw folder.badRow(file, index, "has choices that are " + e.getMessage());
        }
        throw folder.badRow(file, index, "has choices that are not a list of strings");
    }

    private static Map<String, String> ordered(String... pairs) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return Collections.unmodifiableMap(map);
    }
}
