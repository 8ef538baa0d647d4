package io.amalgam.evaluation.score;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The scores of a group of tasks as lm-evaluation-harness aggregates them: each metric over the tasks that have it,
 * weighted by their numbers of questions, with the pooled standard error.
 *
 * @param name the group's name
 * @param tasks the tasks in it, in order
 * @param questions the number of questions of all tasks
 * @param limited whether any task was asked only in part
 * @param metrics the metrics by name
 */
public record GroupScore(
        String name, List<String> tasks, int questions, boolean limited, Map<String, Metric> metrics) {

    /**
     * A metric of a group.
     *
     * @param value the weighted mean
     * @param standardError the pooled standard error, or null where a task has none
     */
    public record Metric(double value, Double standardError) {
    }

    /** Copies the lists. */
    public GroupScore {
        tasks = List.copyOf(tasks);
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    }

    /**
     * Aggregates tasks.
     *
     * @param scores the scores of all tasks of the group, at least one
     */
    public static GroupScore of(String name, List<TaskScore> scores) {
        Set<String> names = new LinkedHashSet<>();
        scores.forEach(score -> names.addAll(score.metrics().keySet()));
        Map<String, Metric> metrics = new LinkedHashMap<>();
        for (String metric : names) {
            metrics.put(metric, aggregate(scores.stream().filter(score -> score.metrics().containsKey(metric)).toList(),
                    metric));
        }
        return new GroupScore(
                name,
                scores.stream().map(TaskScore::task).toList(),
                scores.stream().mapToInt(TaskScore::questions).sum(),
                scores.stream().anyMatch(TaskScore::limited),
                metrics);
    }

    private static Metric aggregate(List<TaskScore> scores, String metric) {
        double sum = 0;
        int total = 0;
        double[] errors = new double[scores.size()];
        int[] sizes = new int[scores.size()];
        boolean known = true;
        for (int task = 0; task < scores.size(); task++) {
            MetricScore score = scores.get(task).metrics().get(metric);
            sizes[task] = scores.get(task).questions();
            sum += score.value() * sizes[task];
            total += sizes[task];
            known &= score.standardError() != null;
            errors[task] = score.standardError() == null ? Double.NaN : score.standardError();
        }
        return new Metric(sum / total, known ? Statistics.pooledStandardError(errors, sizes) : null);
    }
}
