package io.amalgam.evaluation.score;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.BenchmarkTask;
import io.amalgam.evaluation.task.Metrics;
import io.amalgam.evaluation.task.QuestionResult;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The score of a model on a task, with all that keeps it honest: how many questions, how sure, and what knowing nothing
 * would score.
 *
 * @param task the task's name
 * @param taskDigest the task's digest
 * @param shots the number of worked examples
 * @param questions the number of questions that were asked
 * @param size the number of questions of the whole task
 * @param primaryMetric the metric by which models are ranked
 * @param metrics the metrics by name, in the task's order
 * @param chance the expected primary metric of a random answer
 * @param bestConstantAnswer the primary metric of the best answer that ignores the question
 * @param garbageFloor what meaningless text scores, or null where that is not known
 * @param leaderboardBound what the Open LLM Leaderboard maps to 0, or null for tasks that are not part of it
 * @param categories the primary metric by category, empty where the task has none
 * @param goldProbability the mean probability of the right choice among the choices, or null for generation; it moves
 *     where accuracy does not yet
 * @param brierScore the mean squared distance between the choices' probabilities and the truth (0 best, 2 worst), or
 *     null for generation
 * @param truncatedQuestions the number of questions whose prompt did not fit into the model's context
 * @param emptyAnswers the number of generated answers that are blank
 */
public record TaskScore(
        String task,
        String taskDigest,
        int shots,
        int questions,
        int size,
        String primaryMetric,
        Map<String, MetricScore> metrics,
        double chance,
        double bestConstantAnswer,
        Double garbageFloor,
        Double leaderboardBound,
        SortedMap<String, MetricScore> categories,
        Double goldProbability,
        Double brierScore,
        int truncatedQuestions,
        int emptyAnswers) {

    /** Keeps the order of metrics and categories. */
    public TaskScore {
        metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
        categories = Collections.unmodifiableSortedMap(new TreeMap<>(categories));
    }

    /**
     * Aggregates the results of a task's questions, in any order.
     *
     * @throws AmalgamException with {@code BENCHMARK_DATA} if there are none, one occurs twice, or one belongs to
     *     another task or another version of it
     */
    public static TaskScore aggregate(BenchmarkTask task, List<QuestionResult> results) {
        check(task, results);
        Map<String, MetricScore> metrics = new LinkedHashMap<>();
        for (String metric : task.metrics()) {
            metrics.put(metric, score(metric, results));
        }
        SortedMap<String, List<QuestionResult>> byCategory = new TreeMap<>();
        int truncated = 0;
        int empty = 0;
        for (QuestionResult result : results) {
            if (result.category() != null) {
                byCategory.computeIfAbsent(result.category(), category -> new ArrayList<>()).add(result);
            }
            if (result.truncated()) {
                truncated++;
            }
            if (result.answer() instanceof Answer.Generated(String text) && text.isBlank()) {
                empty++;
            }
        }
        SortedMap<String, MetricScore> categories = new TreeMap<>();
        byCategory.forEach((category, part) -> categories.put(category, score(task.primaryMetric(), part)));
        boolean scored = task.outputType() == BenchmarkTask.OutputType.MULTIPLE_CHOICE;
        return new TaskScore(
                task.name(),
                task.digest(),
                task.shots(),
                results.size(),
                task.fullSize(),
                task.primaryMetric(),
                metrics,
                task.chance(),
                task.bestConstantAnswer(),
                task.garbageFloor().isPresent() ? task.garbageFloor().getAsDouble() : null,
                task.leaderboardBound().isPresent() ? task.leaderboardBound().getAsDouble() : null,
                categories,
                scored ? goldProbability(results) : null,
                scored ? brierScore(results) : null,
                truncated,
                empty);
    }

    /** Returns the score by the primary metric. */
    public MetricScore primary() {
        return metrics.get(primaryMetric);
    }

    /** Whether only some of the task's questions were asked. */
    public boolean limited() {
        return questions < size;
    }

    /** Whether the 95 % interval of the primary metric lies above chance; otherwise nothing is shown. */
    public boolean distinguishableFromChance() {
        return primary().low() > chance;
    }

    private static void check(BenchmarkTask task, List<QuestionResult> results) {
        if (results.isEmpty()) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "Task " + task.name() + " has no answered question to score.");
        }
        Set<Integer> seen = new HashSet<>();
        for (QuestionResult result : results) {
            if (!result.task().equals(task.name()) || !result.taskDigest().equals(task.digest())) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA,
                        "A result of task " + result.task() + " (digest " + result.taskDigest()
                                + ") cannot be scored as task " + task.name() + " (digest " + task.digest()
                                + "); evaluate again with the present data.");
            }
            if (!seen.add(result.index())) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA,
                        "Question " + result.index() + " of task " + task.name() + " occurs twice in the results.");
            }
        }
    }

    private static MetricScore score(String metric, List<QuestionResult> results) {
        List<Double> values = new ArrayList<>();
        for (QuestionResult result : results) {
            List<Double> parts = result.verdict().metrics().get(metric);
            if (parts == null) {
                throw new AmalgamException(
                        ErrorCode.BENCHMARK_DATA,
                        "Question " + result.index() + " of task " + result.task() + " has no value of the metric "
                                + metric + "; evaluate it again.");
            }
            values.addAll(parts);
        }
        return Metrics.countsParts(metric) ? MetricScore.ofParts(values) : MetricScore.ofQuestions(values);
    }

    private static double goldProbability(List<QuestionResult> results) {
        double sum = 0;
        for (QuestionResult result : results) {
            if (result.gold() >= 0) {
                sum += probabilities((Answer.Choices) result.answer())[result.gold()];
            }
        }
        return sum / results.size();
    }

    private static double brierScore(List<QuestionResult> results) {
        double sum = 0;
        for (QuestionResult result : results) {
            double[] probabilities = probabilities((Answer.Choices) result.answer());
            for (int choice = 0; choice < probabilities.length; choice++) {
                double distance = probabilities[choice] - (choice == result.gold() ? 1 : 0);
                sum += distance * distance;
            }
        }
        return sum / results.size();
    }

    private static double[] probabilities(Answer.Choices answer) {
        double greatest = Double.NEGATIVE_INFINITY;
        for (double logLikelihood : answer.logLikelihoods()) {
            greatest = Math.max(greatest, logLikelihood);
        }
        double[] probabilities = new double[answer.logLikelihoods().size()];
        double sum = 0;
        for (int choice = 0; choice < probabilities.length; choice++) {
            probabilities[choice] = Math.exp(answer.logLikelihoods().get(choice) - greatest);
            sum += probabilities[choice];
        }
        for (int choice = 0; choice < probabilities.length; choice++) {
            probabilities[choice] /= sum;
        }
        return probabilities;
    }
}
