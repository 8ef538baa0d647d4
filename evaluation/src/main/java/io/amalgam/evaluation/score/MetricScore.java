package io.amalgam.evaluation.score;

import io.amalgam.evaluation.score.Statistics.Interval;
import java.util.List;

/**
 * A metric over the questions of a task.
 *
 * @param value the mean
 * @param standardError its standard error, or null where it has none in closed form (one question, or questions that
 *     count several times): lm-evaluation-harness's {@code "N/A"}
 * @param low the lower end of the Wilson 95 % interval
 * @param high its upper end
 * @param count the number of values
 */
public record MetricScore(double value, Double standardError, double low, double high, int count) {

    /** The score of single values, a question each. */
    static MetricScore ofQuestions(List<Double> values) {
        double error = Statistics.standardError(values);
        return of(values, Double.isNaN(error) ? null : error);
    }

    /** The score of values of which a question has several; it has no standard error. */
    static MetricScore ofParts(List<Double> values) {
        return of(values, null);
    }

    private static MetricScore of(List<Double> values, Double error) {
        double mean = Statistics.mean(values);
        Interval interval = Statistics.wilson(mean, values.size());
        return new MetricScore(mean, error, interval.low(), interval.high(), values.size());
    }
}
