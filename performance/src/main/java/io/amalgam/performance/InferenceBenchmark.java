package io.amalgam.performance;

import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./amalgam bench inference}: our forward pass beside transformers and lm-evaluation-harness, on the same requests
 * and the same cores: how fast, or with {@code --parity}, how equal.
 *
 * <p>Options: {@code --model FOLDER --python PYTHON}, and for both {@code --data FOLDER --tasks NAME:QUESTIONS,…
 * --threads N}; for speed {@code --rounds 3 --sequences 4 --words 200 --dtypes float32,bfloat16}; for parity
 * {@code --answers FILE}, where theirs are kept, {@code --new-tokens 48}, how long written answers get. Without {@code --python} only our side's speed is measured.
 */
public final class InferenceBenchmark {
    private static final String PARITY = "parity";
    /**
     * More than a thousand requests in some minutes, every kind of choice among them: words, letters, numbers, sentences;
     * one token and many; contexts of a hundred tokens and of two thousand.
     */
    private static final String PARITY_TASKS = String.join(",",
            "leaderboard_bbh_object_counting:40", "leaderboard_bbh_boolean_expressions:40",
            "leaderboard_bbh_sports_understanding:30", "leaderboard_bbh_web_of_lies:10", "leaderboard_bbh_navigate:6",
            "leaderboard_bbh_hyperbaton:6", "leaderboard_bbh_ruin_names:2", "leaderboard_bbh_date_understanding:1",
            "leaderboard_bbh_penguins_in_a_table:1", "leaderboard_bbh_tracking_shuffled_objects_three_objects:1",
            "leaderboard_mmlu_pro:8", "leaderboard_musr_object_placements:1", "leaderboard_ifeval:6",
            "leaderboard_math_algebra_hard:2");
    private static final String SPEED_TASKS = "object_counting:10";
    private static final String SAMPLES = "samples/benchmark";
    private static final int ONE_BY_ONE = 20;

    private final Map<String, String> options;

    private InferenceBenchmark(Map<String, String> options) {
        this.options = options;
    }

    /** Runs the benchmark. */
    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>(Map.of("rounds", "3", "sequences", "4", "words", "200",
                "script", "performance/src/main/python/harness_peer.py", "data", SAMPLES, "dtypes", "float32,bfloat16",
                "new-tokens", "48",
                "threads", Integer.toString(Runtime.getRuntime().availableProcessors())));
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : "";
            boolean flag = name.equals(PARITY);
            if (name.isEmpty() || !flag && i + 1 == arguments.length) {
                System.err.println("bench inference: expected an option and its value, found '" + arguments[i] + "'");
                System.exit(2);
            }
            options.put(name, flag ? "" : arguments[++i]);
        }
        boolean parity = options.containsKey(PARITY);
        if (!options.containsKey("model") || parity && !options.containsKey("python")) {
            System.err.println("bench inference needs --model FOLDER, and --python PYTHON with torch, transformers and"
                    + " lm_eval==0.4.13 to compare with (which --parity cannot do without);"
                    + " evaluation/src/test/python/prepare_smollm2.py makes a model.");
            System.exit(2);
        }
        InferenceBenchmark benchmark = new InferenceBenchmark(options);
        System.exit(parity ? benchmark.parity() : benchmark.speed());
    }

    private int parity() throws IOException {
        List<TaskRequests> tasks = tasks(PARITY_TASKS);
        try (LanguageModel model = open(); HarnessPeer peer = peer("float32")) {
            Path answers = options.containsKey("answers") ? Path.of(options.get("answers")) : null;
            return new InferenceParity(model, peer, answers).compare(tasks) ? 0 : 1;
        }
    }

    private int speed() throws IOException {
        List<TaskRequests> tasks = tasks(SPEED_TASKS);
        Map<String, HarnessPeer> peers = new LinkedHashMap<>();
        try (LanguageModel model = open()) {
            if (options.containsKey("python")) {
                for (String dtype : options.get("dtypes").split(",")) {
                    peers.put("transformers " + dtype, peer(dtype));
                }
            }
            System.out.printf("%s, %d threads, %d rounds%n", model.fingerprint(), number("threads"), number("rounds"));
            InferenceSpeed speed = new InferenceSpeed(model, peers, number("rounds"));
            if (number("sequences") > 0) {
                speed.prefill(number("sequences"), number("words"));
            }
            speed.tasks(tasks, ONE_BY_ONE);
            return 0;
        } finally {
            peers.values().forEach(HarnessPeer::close);
        }
    }

    private List<TaskRequests> tasks(String usual) {
        return TaskRequests.of(
                options.getOrDefault("tasks", usual), TaskCatalog.open(List.of(Path.of(options.get("data")))),
                number("new-tokens"));
    }

    private LanguageModel open() throws IOException {
        return LocalLanguageModel.open(Path.of(options.get("model")),
                new InferenceOptions(number("threads"), 0, 0, InferenceOptions.KeyValueType.FLOAT32));
    }

    private HarnessPeer peer(String dtype) throws IOException {
        return new HarnessPeer(Path.of(options.get("python")), Path.of(options.get("script")),
                Path.of(options.get("model")), dtype, number("threads"));
    }

    private int number(String option) {
        return Integer.parseInt(options.get(option));
    }
}
