package io.amalgam.evaluation.score;

import io.amalgam.engine.Version;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Writes scores as a model repository of the Hugging Face Hub has them: {@code .eval_results/NAME.yaml}
 * (huggingface.co/docs/hub/eval-results). A value is in percent, as the Hub's leaderboards have it; a task's name is the
 * one in the data set's {@code eval.yaml} where it has one (MMLU-Pro, GPQA), else its configuration.
 *
 * <p>Only tasks of the leaderboard that were asked whole are in it: a score on some of the questions is no result of the
 * benchmark.
 */
public final class HubEvalResults {
    private static final String PREFIX = "leaderboard_";
    private static final String HARD = "_hard";
    private static final double PERCENT = 100;
    /** Where the harness's name of a task is not the data set's. */
    private static final Map<String, String> TASKS = Map.of(
            "ifeval", "default",
            "math_counting_and_prob_hard", "counting_and_probability",
            "math_num_theory_hard", "number_theory");
    /** The data sets, by what the names of their tasks begin with. */
    private static final Map<String, String> DATASETS = Map.of(
            "bbh_", "SaylorTwift/bbh",
            "gpqa_", "Idavidrein/gpqa",
            "ifeval", "wis-k/instruction-following-eval",
            "math_", "DigitalLearningGmbH/MATH-lighteval",
            "musr_", "TAUR-Lab/MuSR",
            "mmlu_pro", "TIGER-Lab/MMLU-Pro");
    /** Data sets whose own name of a task begins as the harness's does. */
    private static final Set<String> WHOLE_NAMES = Set.of("gpqa_", "mmlu_pro");

    private HubEvalResults() {
    }

    /**
     * Returns the document; an empty list where no task belongs in it.
     *
     * @param scores the scores of a model
     * @param revisions the commits of the data sets by their names, as far as they are known
     * @param time when the model was evaluated
     */
    public static String write(List<TaskScore> scores, Map<String, String> revisions, Instant time) {
        List<Map<String, Object>> entries = new ArrayList<>();
        for (TaskScore score : scores) {
            if (score.task().startsWith(PREFIX) && !score.limited()) {
                entries.add(entry(score, revisions, time));
            }
        }
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        return new Yaml(options).dump(entries);
    }

    private static Map<String, Object> entry(TaskScore score, Map<String, String> revisions, Instant time) {
        String name = score.task().substring(PREFIX.length());
        String prefix = DATASETS.keySet().stream().filter(name::startsWith).findFirst().orElseThrow();
        Map<String, Object> dataset = new LinkedHashMap<>();
        dataset.put("id", DATASETS.get(prefix));
        dataset.put("task_id", taskIdentifier(name, prefix));
        String revision = revisions.get(DATASETS.get(prefix));
        if (revision != null) {
            dataset.put("revision", revision);
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("dataset", dataset);
        entry.put("value", score.primary().value() * PERCENT);
        entry.put("date", time.truncatedTo(ChronoUnit.SECONDS).toString());
        String error = score.primary().standardError() == null
                ? ""
                : String.format(Locale.ROOT, ", standard error %.2f", score.primary().standardError() * PERCENT);
        entry.put("notes", String.format(
                Locale.ROOT, "%s, %d-shot, n = %d%s, chance %.1f; Amalgam %s", score.primaryMetric(), score.shots(),
                score.questions(), error, score.chance() * PERCENT, Version.AMALGAM));
        return entry;
    }

    private static String taskIdentifier(String name, String prefix) {
        if (WHOLE_NAMES.contains(prefix)) {
            return name;
        }
        String rest = name.substring(prefix.length());
        return TASKS.getOrDefault(name, rest.endsWith(HARD) ? rest.substring(0, rest.length() - HARD.length()) : rest);
    }
}
