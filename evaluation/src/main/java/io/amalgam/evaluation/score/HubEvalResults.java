package io.amalgam.evaluation.score;

import io.amalgam.engine.Version;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * Writes scores as a model repository of the Hugging Face Hub has them: {@code .eval_results/NAME.yaml}.
 *
 * <p>Only tasks of the leaderboard that were asked whole are in it: a score on some of the questions is no result of the
 * benchmark.
 */
public final class HubEvalResults {
    private static final String PREFIX = "leaderboard_";
    private static final String WHOLE = "default";
    /** The data sets, by what the names of their tasks begin with; the rest of a name is the task within the data set. */
    private static final Map<String, String> DATASETS = Map.of(
            "bbh_", "SaylorTwift/bbh",
            "gpqa_", "Idavidrein/gpqa",
            "ifeval", "wis-k/instruction-following-eval",
            "math_", "DigitalLearningGmbH/MATH-lighteval",
            "musr_", "TAUR-Lab/MuSR",
            "mmlu_pro", "TIGER-Lab/MMLU-Pro");

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
        dataset.put("task_id", name.equals(prefix) ? WHOLE : prefix.equals("gpqa_") ? name : name.substring(prefix.length()));
        String revision = revisions.get(DATASETS.get(prefix));
        if (revision != null) {
            dataset.put("revision", revision);
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("dataset", dataset);
        entry.put("value", score.primary().value());
        entry.put("date", time.truncatedTo(ChronoUnit.SECONDS).toString());
        String error = score.primary().standardError() == null
                ? ""
                : String.format(Locale.ROOT, ", standard error %.4f", score.primary().standardError());
        entry.put("notes", String.format(
                Locale.ROOT, "%s, %d-shot, n = %d%s, chance %.3f; Amalgam %s", score.primaryMetric(), score.shots(),
                score.questions(), error, score.chance(), Version.AMALGAM));
        return entry;
    }
}
