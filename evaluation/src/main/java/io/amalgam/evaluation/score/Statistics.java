package io.amalgam.evaluation.score;

import java.util.List;

/** The small statistics that scores need. */
public final class Statistics {
    /** The 0.975 quantile of the normal distribution. */
    public static final double NORMAL_95 = 1.959963984540054;

    private Statistics() {
    }

    /**
     * An interval.
     *
     * @param low its lower end
     * @param high its upper end
     */
    public record Interval(double low, double high) {
        /** Whether a value lies in it. */
        public boolean contains(double value) {
            return low <= value && value <= high;
        }
    }

    /** Returns the arithmetic mean; NaN of nothing. */
    public static double mean(List<Double> values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.size();
    }

    /**
     * Returns the standard error of a mean as lm-evaluation-harness has it: the sample standard deviation (n - 1)
     * divided by the root of n; NaN where n is less than 2.
     */
    public static double standardError(List<Double> values) {
        int count = values.size();
        if (count < 2) {
            return Double.NaN;
        }
        double mean = mean(values);
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return Math.sqrt(squares / (count - 1)) / Math.sqrt(count);
    }

    /**
     * Returns the Wilson 95 % interval of a proportion.
     *
     * @param proportion the share of successes
     * @param count the number of trials, at least 1
     */
    public static Interval wilson(double proportion, int count) {
        double squared = NORMAL_95 * NORMAL_95;
        double denominator = 1 + squared / count;
        double centre = (proportion + squared / (2 * count)) / denominator;
        double half = NORMAL_95 / denominator
                * Math.sqrt(proportion * (1 - proportion) / count + squared / (4.0 * count * count));
        return new Interval(Math.max(0, centre - half), Math.min(1, centre + half));
    }

    /**
     * Returns the two-sided p-value of McNemar's exact test: the probability of a split at least as uneven as this one
     * if both models were right equally often on the questions on which they differ.
     *
     * @param onlyFirst the number of questions that only the first model has right
     * @param onlySecond the number of questions that only the second model has right
     */
    public static double mcNemarExact(int onlyFirst, int onlySecond) {
        int discordant = onlyFirst + onlySecond;
        int smaller = Math.min(onlyFirst, onlySecond);
        double logHalfPower = -discordant * Math.log(2);
        double logBinomial = 0;
        double tail = 0;
        for (int k = 0; k <= smaller; k++) {
            if (k > 0) {
                logBinomial += Math.log(discordant - k + 1.0) - Math.log(k);
            }
            tail += Math.exp(logBinomial + logHalfPower);
        }
        return Math.min(1, 2 * tail);
    }

    /**
     * Returns the pooled standard error of a group as lm-evaluation-harness has it.
     *
     * @param errors the standard errors of the tasks
     * @param sizes the number of questions of each
     */
    public static double pooledStandardError(double[] errors, int[] sizes) {
        double sum = 0;
        long total = 0;
        for (int i = 0; i < errors.length; i++) {
            sum += (sizes[i] - 1.0) * errors[i] * errors[i] * sizes[i];
            total += sizes[i];
        }
        return Math.sqrt(sum / (total - errors.length) / total);
    }
}
