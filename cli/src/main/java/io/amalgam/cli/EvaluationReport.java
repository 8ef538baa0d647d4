package io.amalgam.cli;

import io.amalgam.evaluation.score.GroupScore;
import io.amalgam.evaluation.score.HarnessExport.EvaluatedTask;
import io.amalgam.evaluation.score.LeaderboardScore;
import io.amalgam.evaluation.score.MetricScore;
import io.amalgam.evaluation.score.PairedComparison;
import io.amalgam.evaluation.score.TaskScore;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints scores for people: each with how many questions, how sure, and what knowing nothing would score. */
final class EvaluationReport {
    private final PrintWriter out;
    private final TaskCatalog catalog;
    private final int nameWidth;

    EvaluationReport(PrintWriter out, TaskCatalog catalog, List<BenchmarkTask> tasks) {
        this.out = out;
        this.catalog = catalog;
        this.nameWidth = Math.max(
                24, tasks.stream().mapToInt(task -> task.name().length()).max().orElse(0));
    }

    /** Prints the scores of a model. */
    void scores(String model, List<EvaluatedTask> tasks) {
        out.println(model);
        line("task", "n", "metric", "score", "stderr", "95 % interval", "chance", "constant", "");
        for (EvaluatedTask task : tasks) {
            score(task.score());
        }
        ResultFiles.groups(tasks, catalog).values().forEach(this::group);
        List<TaskScore> scores = tasks.stream().map(EvaluatedTask::score).toList();
        LeaderboardScore.of(scores).ifPresentOrElse(this::leaderboard, () -> average(scores));
        warnings(scores);
        out.println();
    }

    /** Prints how a model compares with others on the same questions. */
    void comparisons(String model, Map<String, List<PairedComparison>> comparisons) {
        comparisons.forEach((other, tasks) -> {
            out.println(model + " compared with " + other + ", question by question");
            line("task", "n", "metric", "diff.", "stderr", "95 % interval", "won:lost", "agree", "verdict");
            tasks.forEach(this::comparison);
            if (tasks.size() > 1) {
                comparison(PairedComparison.average("average", tasks));
            }
            out.println();
        });
        comparisons.entrySet().stream()
                .filter(other -> comparisons.size() > 1 && !other.getValue().isEmpty())
                .max(Comparator.comparingDouble(other -> score(other.getValue())))
                .ifPresent(best -> best(model, best.getKey(), PairedComparison.average("average", best.getValue())));
    }

    /** What another model scores on average over the tasks. */
    private static double score(List<PairedComparison> tasks) {
        return tasks.stream().mapToDouble(PairedComparison::second).average().orElseThrow();
    }

    private void best(String model, String other, PairedComparison average) {
        out.println("The best of the others is " + other + ", on average over the tasks; " + model + " against it: "
                + average.verdict().label() + " (" + signed(average.difference()) + ", 95 % interval "
                + signed(average.low()) + " to " + signed(average.high()) + ")");
        out.println();
    }

    private void score(TaskScore score) {
        MetricScore primary = score.primary();
        line(
                score.task(),
                score.limited() ? score.questions() + " of " + score.size() : Integer.toString(score.questions()),
                score.primaryMetric(),
                number(primary.value(), 3),
                primary.standardError() == null ? "N/A" : number(primary.standardError(), 4),
                number(primary.low(), 3) + " to " + number(primary.high(), 3),
                number(score.chance(), 3),
                number(score.bestConstantAnswer(), 3),
                score.distinguishableFromChance() ? "" : "not distinguishable from chance");
        score.metrics().forEach((metric, value) -> {
            boolean same = metric.equals(score.primaryMetric()) || value.value() == primary.value();
            if (!same) {
                line(
                        "", "", metric, number(value.value(), 3),
                        value.standardError() == null ? "N/A" : number(value.standardError(), 4),
                        number(value.low(), 3) + " to " + number(value.high(), 3), "", "", "");
            }
        });
        if (score.garbageFloor() != null) {
            out.println("  meaningless text scores up to " + number(score.garbageFloor(), 3) + " here");
        }
        score.categories().forEach((category, value) -> line(
                "  " + category, Integer.toString(value.count()), score.primaryMetric(), number(value.value(), 3),
                value.standardError() == null ? "N/A" : number(value.standardError(), 4),
                number(value.low(), 3) + " to " + number(value.high(), 3), "", "", ""));
    }

    private void group(GroupScore group) {
        group.metrics().forEach((metric, value) -> line(
                group.name(), Integer.toString(group.questions()), metric, number(value.value(), 3),
                value.standardError() == null ? "N/A" : number(value.standardError(), 4), "", "", "",
                group.limited() ? "limited" : ""));
    }

    private void leaderboard(LeaderboardScore leaderboard) {
        out.println("Open LLM Leaderboard (0 is chance, 100 is perfect; raw beside it)");
        for (LeaderboardScore.Benchmark benchmark : leaderboard.benchmarks()) {
            if (benchmark.complete()) {
                out.printf(
                        Locale.ROOT, "  %-10s %6.2f  (raw %.4f %s, n = %d, unclipped %.2f)%n", benchmark.name(),
                        benchmark.normalised(), benchmark.raw(), benchmark.metric(), benchmark.questions(),
                        benchmark.unclipped());
            } else {
                out.printf(
                        Locale.ROOT, "  %-10s not the leaderboard's score: only %d questions were asked%n",
                        benchmark.name(), benchmark.questions());
            }
        }
        if (leaderboard.average() != null) {
            out.printf(Locale.ROOT, "  %-10s %6.2f%n", "average", leaderboard.average());
        } else {
            out.println("  no average: it is the leaderboard's only if all six benchmarks are asked whole");
        }
    }

    private void average(List<TaskScore> scores) {
        if (scores.size() < 2) {
            return;
        }
        if (scores.stream().anyMatch(TaskScore::limited)) {
            out.println("  no average: some tasks were asked only in part");
            return;
        }
        double average = scores.stream().mapToDouble(score -> score.primary().value()).average().orElseThrow();
        double chance = scores.stream().mapToDouble(TaskScore::chance).average().orElseThrow();
        line(
                "average (unweighted)", Integer.toString(scores.stream().mapToInt(TaskScore::questions).sum()), "",
                number(average, 3), "", "", number(chance, 3), "", "");
    }

    private void warnings(List<TaskScore> scores) {
        for (TaskScore score : scores) {
            if (score.truncatedQuestions() > 0) {
                out.println("  " + score.task() + ": " + score.truncatedQuestions()
                        + " prompts did not fit into the model's context and lost their beginning");
            }
            if (score.emptyAnswers() > 0) {
                out.println("  " + score.task() + ": " + score.emptyAnswers() + " answers are empty");
            }
        }
    }

    private void comparison(PairedComparison comparison) {
        line(
                comparison.task(), Integer.toString(comparison.questions()), comparison.metric(),
                signed(comparison.difference()),
                comparison.standardError() == null ? "N/A" : number(comparison.standardError(), 4),
                signed(comparison.low()) + " to " + signed(comparison.high()),
                comparison.onlyFirst() + ":" + comparison.onlySecond(), number(comparison.agreement(), 3),
                comparison.verdict().label());
    }

    private void line(String... cells) {
        out.printf(
                Locale.ROOT, "  %-" + nameWidth + "s %11s  %-9s %7s %7s  %-16s %8s %8s  %s", (Object[]) cells);
        out.println();
    }

    private static String number(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String signed(double value) {
        return String.format(Locale.ROOT, "%+.3f", value);
    }
}
