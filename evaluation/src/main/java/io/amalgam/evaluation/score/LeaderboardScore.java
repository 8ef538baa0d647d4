package io.amalgam.evaluation.score;

import io.amalgam.evaluation.task.Metrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The Open LLM Leaderboard's normalised scores (version 2): 0 is what knows nothing, 100 is perfect.
 *
 * <p>BBH and MuSR normalise each subtask and average them unweighted; the others normalise the whole. The average is
 * given only if all six benchmarks were asked whole: anything less is not the leaderboard's number.
 *
 * @param benchmarks the benchmarks that were asked, in the leaderboard's order
 * @param average the mean of the six, or null unless all six are complete
 */
public record LeaderboardScore(List<Benchmark> benchmarks, Double average) {
    private static final String PREFIX = "leaderboard_";
    private static final int BENCHMARKS = 6;
    private static final Map<String, Integer> TASK_COUNTS = taskCounts();

    /**
     * A benchmark's score.
     *
     * @param name the leaderboard's name of it
     * @param metric the metric behind it
     * @param raw the metric as measured, between 0 and 1
     * @param normalised between 0 and 100, clipped below at 0, subtask by subtask where the leaderboard does so
     * @param unclipped the same without clipping: clipping makes the normalised score of a guesser positive
     * @param questions the number of questions
     * @param complete whether all questions of all subtasks were asked
     */
    public record Benchmark(
            String name, String metric, double raw, double normalised, double unclipped, int questions,
            boolean complete) {
    }

    /** Copies the benchmarks. */
    public LeaderboardScore {
        benchmarks = List.copyOf(benchmarks);
    }

    /** Returns the scores of those benchmarks of the leaderboard that are among the tasks; empty if there are none. */
    public static Optional<LeaderboardScore> of(List<TaskScore> scores) {
        List<Benchmark> benchmarks = new ArrayList<>();
        for (String name : TASK_COUNTS.keySet()) {
            List<TaskScore> tasks = scores.stream().filter(score -> score.task().startsWith(PREFIX + name)).toList();
            if (!tasks.isEmpty()) {
                boolean complete = tasks.size() == TASK_COUNTS.get(name)
                        && tasks.stream().noneMatch(TaskScore::limited);
                benchmarks.add(benchmark(name, tasks, complete));
            }
        }
        if (benchmarks.isEmpty()) {
            return Optional.empty();
        }
        boolean whole = benchmarks.size() == BENCHMARKS && benchmarks.stream().allMatch(Benchmark::complete);
        Double average = whole
                ? benchmarks.stream().mapToDouble(Benchmark::normalised).average().orElseThrow()
                : null;
        return Optional.of(new LeaderboardScore(benchmarks, average));
    }

    /** Returns a score between a bound, which becomes 0, and 1, which becomes 100; not clipped. */
    public static double normalise(double raw, double bound) {
        return (raw - bound) / (1 - bound) * 100;
    }

    private static Benchmark benchmark(String name, List<TaskScore> tasks, boolean complete) {
        GroupScore group = GroupScore.of(PREFIX + name, tasks);
        String metric = tasks.getFirst().primaryMetric();
        double raw = group.metrics().get(metric).value();
        double unclipped;
        double normalised;
        switch (name) {
            case "bbh", "musr" -> {
                unclipped = 0;
                normalised = 0;
                for (TaskScore task : tasks) {
                    double score = normalise(task.primary().value(), task.leaderboardBound());
                    unclipped += score / tasks.size();
                    normalised += Math.max(0, score) / tasks.size();
                }
            }
            case "ifeval" -> {
                metric = Metrics.INSTRUCTION_STRICT + "," + Metrics.PROMPT_STRICT;
                raw = (group.metrics().get(Metrics.INSTRUCTION_STRICT).value()
                        + group.metrics().get(Metrics.PROMPT_STRICT).value()) / 2;
                unclipped = normalise(raw, 0);
                normalised = unclipped;
            }
            default -> {
                unclipped = normalise(raw, tasks.getFirst().leaderboardBound());
                normalised = Math.max(0, unclipped);
            }
        }
        return new Benchmark(name, metric, raw, normalised, unclipped, group.questions(), complete);
    }

    private static Map<String, Integer> taskCounts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        counts.put("ifeval", 1);
        counts.put("bbh", 24);
        counts.put("math", 7);
        counts.put("gpqa", 3);
        counts.put("musr", 3);
        counts.put("mmlu_pro", 1);
        return counts;
    }
}
