package io.amalgam.evaluation.task;

import java.util.List;
import java.util.Objects;

/** What a model said to a question. */
public sealed interface Answer {

    /**
     * The log-likelihood of each choice.
     *
     * @param logLikelihoods the sum of the log-probabilities of a choice's tokens (natural logarithm), a choice each
     * @param greedy whether a choice's tokens were the most likely ones at each position, a choice each
     */
    record Choices(List<Double> logLikelihoods, List<Boolean> greedy) implements Answer {
        /** Copies both and checks that they are of the same length. */
        public Choices {
            logLikelihoods = List.copyOf(logLikelihoods);
            greedy = List.copyOf(greedy);
            if (logLikelihoods.size() != greedy.size() || logLikelihoods.isEmpty()) {
                throw new IllegalArgumentException(
                        logLikelihoods.size() + " log-likelihoods and " + greedy.size() + " greedy flags");
            }
        }

        /** Returns the most likely choice; of equally likely ones the first. */
        public int mostLikely() {
            int best = 0;
            for (int choice = 1; choice < logLikelihoods.size(); choice++) {
                if (logLikelihoods.get(choice) > logLikelihoods.get(best)) {
                    best = choice;
                }
            }
            return best;
        }

        /**
         * Returns the choice with the greatest log-likelihood per character (Unicode code point) of its text; of equal
         * ones the first.
         */
        public int mostLikelyByCharacter(List<String> choices) {
            int best = 0;
            double bestValue = Double.NEGATIVE_INFINITY;
            for (int choice = 0; choice < logLikelihoods.size(); choice++) {
                String text = choices.get(choice);
                double value = logLikelihoods.get(choice) / text.codePointCount(0, text.length());
                if (value > bestValue) {
                    best = choice;
                    bestValue = value;
                }
            }
            return best;
        }
    }

    /**
     * A generated text, cut at the first stop.
     *
     * @param text what was generated
     */
    record Generated(String text) implements Answer {
        /** Checks that there is a text; an engine that gave none has failed, which is no wrong answer. */
        public Generated {
            Objects.requireNonNull(text, "text");
        }
    }
}
