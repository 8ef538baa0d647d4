package io.amalgam.evaluation.inference;

import java.util.List;

/** Ends of generated text. */
final class StopStrings {
    private StopStrings() {
    }

    /** Cuts a text before the first occurrence of each stop string in turn, as lm-evaluation-harness does. */
    static String cut(String text, List<String> stops) {
        String rest = text;
        for (String stop : stops) {
            int end = rest.indexOf(stop);
            if (end >= 0) {
                rest = rest.substring(0, end);
            }
        }
        return rest;
    }
}
