package io.amalgam.evaluation.score.math;

/** The answer of a MATH solution: what its last {@code \boxed} or {@code \fbox} holds. */
public final class BoxedAnswer {
    private BoxedAnswer() {
    }

    /**
     * Returns the answer of a solution.
     *
     * @throws IllegalArgumentException if nothing is boxed
     */
    public static String of(String solution) {
        int spaced = solution.lastIndexOf("\\boxed ");
        if (spaced >= 0) {
            int start = spaced + "\\boxed ".length();
            int end = solution.indexOf('$', start);
            return solution.substring(start, end < 0 ? solution.length() : end);
        }
        int start = solution.lastIndexOf("\\boxed");
        if (start < 0) {
            start = solution.lastIndexOf("\\fbox");
        }
        int open = start < 0 ? -1 : solution.indexOf('{', start);
        int depth = 0;
        for (int index = open; open >= 0 && index < solution.length(); index++) {
            char character = solution.charAt(index);
            if (character == '{') {
                depth++;
            } else if (character == '}' && --depth == 0) {
                return solution.substring(open + 1, index);
            }
        }
        throw new IllegalArgumentException("the solution boxes no answer");
    }
}
