package io.amalgam.evaluation.task;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How good an answer is, by each metric of its task.
 *
 * @param metrics the values of each metric: one, or several where a question counts several times (IFEval's
 *     instructions); values are between 0 and 1
 * @param extracted what was taken from the answer and compared: the choice, the number, the boxed expression
 */
public record Verdict(SortedMap<String, List<Double>> metrics, String extracted) {

    /** Copies the metrics. */
    public Verdict {
        SortedMap<String, List<Double>> copy = new TreeMap<>();
        metrics.forEach((name, values) -> copy.put(name, List.copyOf(values)));
        metrics = Collections.unmodifiableSortedMap(copy);
    }

    /** A verdict by one metric. */
    public static Verdict of(String metric, boolean right, String extracted) {
        return new Verdict(new TreeMap<>(Map.of(metric, List.of(right ? 1.0 : 0.0))), extracted);
    }

    /** A verdict by two metrics. */
    public static Verdict of(String first, boolean right, String second, boolean alsoRight, String extracted) {
        return new Verdict(
                new TreeMap<>(Map.of(
                        first, List.of(right ? 1.0 : 0.0), second, List.of(alsoRight ? 1.0 : 0.0))),
                extracted);
    }

    /** Returns the mean of a metric's values; NaN if the question has none. */
    public double mean(String metric) {
        List<Double> values = metrics.get(metric);
        if (values == null || values.isEmpty()) {
            return Double.NaN;
        }
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.size();
    }
}
