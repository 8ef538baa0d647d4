package io.amalgam.evaluation.task;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an answer scores that is always the same. */
final class ConstantAnswers {
    private ConstantAnswers() {
    }

    /** Returns the share of the questions that have the most frequent target. */
    static double best(List<Question> questions, boolean ignoreCase) {
        Map<String, Integer> counts = new HashMap<>();
        int best = 0;
        for (Question question : questions) {
            String target = question.target().strip();
            best = Math.max(
                    best, counts.merge(ignoreCase ? target.toLowerCase(Locale.ROOT) : target, 1, Integer::sum));
        }
        return (double) best / questions.size();
    }
}
