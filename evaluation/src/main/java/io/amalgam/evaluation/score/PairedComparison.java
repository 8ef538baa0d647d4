package io.amalgam.evaluation.score;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.score.Statistics.Interval;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.QuestionResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Two models on the same questions: is the first better than the second?
 *
 * <p>Pairing removes the difficulty of the questions from the comparison, so that it tells much smaller differences
 * than two separate scores do. The verdict on one task whose questions are right or wrong is McNemar's exact test at
 * the 5 % level; over several tasks, or for metrics with other values, the 95 % interval of the difference.
 *
 * @param task the task, or a name for all of them together
 * @param metric the metric that was compared
 * @param questions the number of questions that both models answered
 * @param first the first model's score on them
 * @param second the second model's score on them
 * @param difference the first score minus the second
 * @param standardError the standard error of the difference, or null where there is but one question
 * @param low the lower end of the 95 % interval of the difference
 * @param high its upper end
 * @param onlyFirst the number of questions on which the first model scored more
 * @param onlySecond the number of questions on which the second model scored more
 * @param probability the two-sided p-value of the difference under the hypothesis that there is none
 * @param agreement the share of questions to which both gave the same answer
 * @param verdict what may be said
 */
public record PairedComparison(
        String task,
        String metric,
        int questions,
        double first,
        double second,
        double difference,
        Double standardError,
        double low,
        double high,
        int onlyFirst,
        int onlySecond,
        double probability,
        double agreement,
        Verdict verdict) {

    /** The level of the tests. */
    public static final double LEVEL = 0.05;

    /** What may be said about the first model. */
    public enum Verdict {
        /** It is better than the second. */
        BETTER("better"),
        /** It is worse than the second. */
        WORSE("worse"),
        /** These questions do not tell. */
        NOT_DISTINGUISHABLE("not distinguishable");

        private final String label;

        Verdict(String label) {
            this.label = label;
        }

        /** Returns the words for people. */
        public String label() {
            return label;
        }
    }

    /**
     * Compares two models on the questions of a task that both have answered.
     *
     * @param metric the metric, such as {@code acc_norm}
     * @throws AmalgamException with {@code BENCHMARK_DATA} if the results are of different tasks or different data, or
     *     have no question in common
     */
    public static PairedComparison of(String metric, List<QuestionResult> first, List<QuestionResult> second) {
        Map<Integer, QuestionResult> others = new HashMap<>();
        for (QuestionResult result : second) {
            others.put(result.index(), result);
        }
        List<QuestionResult> ordered = new ArrayList<>(first);
        ordered.sort((one, other) -> Integer.compare(one.index(), other.index()));
        List<Double> firstValues = new ArrayList<>();
        List<Double> secondValues = new ArrayList<>();
        List<Double> differences = new ArrayList<>();
        int same = 0;
        int onlyFirst = 0;
        int onlySecond = 0;
        boolean binary = true;
        for (QuestionResult result : ordered) {
            QuestionResult other = others.get(result.index());
            if (other == null) {
                continue;
            }
            checkSameTask(result, other);
            double value = value(metric, result);
            double otherValue = value(metric, other);
            firstValues.add(value);
            secondValues.add(otherValue);
            differences.add(value - otherValue);
            binary &= isBinary(value) && isBinary(otherValue);
            if (value > otherValue) {
                onlyFirst++;
            } else if (value < otherValue) {
                onlySecond++;
            }
            if (sameAnswer(result, other)) {
                same++;
            }
        }
        if (differences.isEmpty()) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "The two models have answered no question in common, so they cannot be compared.");
        }
        double difference = Statistics.mean(differences);
        double error = Statistics.standardError(differences);
        double probability = binary
                ? Statistics.mcNemarExact(onlyFirst, onlySecond)
                : normalProbability(difference, error);
        return build(
                first.getFirst().task(), metric, differences.size(), Statistics.mean(firstValues),
                Statistics.mean(secondValues), difference, error, onlyFirst, onlySecond, probability,
                (double) same / differences.size());
    }

    /**
     * Returns the comparison of the unweighted means over several tasks: every task counts the same, however many
     * questions it has.
     *
     * @param name a name for the tasks together
     * @param tasks the comparisons task by task, at least one
     */
    public static PairedComparison average(String name, List<PairedComparison> tasks) {
        double first = 0;
        double second = 0;
        double variance = 0;
        double agreement = 0;
        int questions = 0;
        int onlyFirst = 0;
        int onlySecond = 0;
        for (PairedComparison task : tasks) {
            first += task.first / tasks.size();
            second += task.second / tasks.size();
            double error = task.standardError == null ? Double.NaN : task.standardError;
            variance += error * error / ((double) tasks.size() * tasks.size());
            questions += task.questions;
            onlyFirst += task.onlyFirst;
            onlySecond += task.onlySecond;
            agreement += task.agreement * task.questions;
        }
        double difference = first - second;
        double error = Math.sqrt(variance);
        return build(
                name, tasks.getFirst().metric, questions, first, second, difference, error, onlyFirst, onlySecond,
                normalProbability(difference, error), agreement / questions);
    }

    private static PairedComparison build(
            String task, String metric, int questions, double first, double second, double difference, double error,
            int onlyFirst, int onlySecond, double probability, double agreement) {
        boolean known = !Double.isNaN(error);
        Interval interval = known
                ? new Interval(
                        difference - Statistics.NORMAL_95 * error, difference + Statistics.NORMAL_95 * error)
                : new Interval(-1, 1);
        Verdict verdict = probability >= LEVEL || Double.isNaN(probability)
                ? Verdict.NOT_DISTINGUISHABLE
                : difference > 0 ? Verdict.BETTER : Verdict.WORSE;
        return new PairedComparison(
                task, metric, questions, first, second, difference, known ? error : null, interval.low(),
                interval.high(), onlyFirst, onlySecond, known ? probability : 1, agreement, verdict);
    }

    private static void checkSameTask(QuestionResult one, QuestionResult other) {
        if (!one.task().equals(other.task()) || !one.taskDigest().equals(other.taskDigest())) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "Results of task " + one.task() + " (digest " + one.taskDigest() + ") and of task " + other.task()
                            + " (digest " + other.taskDigest() + ") are not of the same questions; evaluate both"
                            + " models with the same data.");
        }
    }

    private static double value(String metric, QuestionResult result) {
        double value = result.verdict().mean(metric);
        if (Double.isNaN(value)) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA,
                    "Question " + result.index() + " of task " + result.task() + " has no value of the metric "
                            + metric + ".");
        }
        return value;
    }

    private static boolean isBinary(double value) {
        return value == 0 || value == 1;
    }

    private static boolean sameAnswer(QuestionResult one, QuestionResult other) {
        if (one.answer() instanceof Answer.Choices first && other.answer() instanceof Answer.Choices second) {
            return first.mostLikelyByCharacter(one.choices()) == second.mostLikelyByCharacter(other.choices());
        }
        return one.verdict().extracted() != null
                ? one.verdict().extracted().equals(other.verdict().extracted())
                : one.answer().equals(other.answer());
    }

    /** The two-sided p-value of a difference under a normal distribution; 1 where there is no difference at all. */
    private static double normalProbability(double difference, double error) {
        if (difference == 0) {
            return 1;
        }
        return 2 * normalTail(Math.abs(difference) / error);
    }

    /**
     * The upper tail of the normal distribution by the continued fraction for large arguments and the series for small
     * ones (Abramowitz and Stegun 26.2.10 and 26.2.14).
     */
    static double normalTail(double z) {
        double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        if (z < 3) {
            double term = z;
            double sum = z;
            for (int k = 1; k < 200; k++) {
                term *= z * z / (2 * k + 1);
                sum += term;
            }
            return 0.5 - density * sum;
        }
        double fraction = 0;
        for (int k = 100; k > 0; k--) {
            fraction = k / (z + fraction);
        }
        return density / (z + fraction);
    }
}
