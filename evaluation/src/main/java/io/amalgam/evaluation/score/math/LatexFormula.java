package io.amalgam.evaluation.score.math;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A formula in running text: between dollars, brackets or parentheses with backslashes, or bare brackets; or a fraction
 * of numbers on its own.
 *
 * @param content what is in it
 * @param end the position after it, a sign of percent included
 */
record LatexFormula(String content, int end) {
    private static final Pattern PERCENT = Pattern.compile("\\s*(?:\\\\?%|[Pp]ercent|[Pp]ercentage|[Pp]ct)");
    private static final Pattern FRACTION = Pattern.compile(
            "-?\\\\frac\\{-?\\d+(?:[.,]\\d+)?\\}\\{-?\\d+(?:[.,]\\d+)?\\}");

    /**
     * Returns the formula that begins at a position, or null.
     *
     * @param boxed whether only a formula with a box in it counts
     */
    static LatexFormula at(String text, int position, boolean boxed) {
        if (position >= text.length()) {
            return null;
        }
        boolean escaped = position > 0 && text.charAt(position - 1) == '\\';
        LatexFormula formula = null;
        if (!escaped && text.startsWith("$$", position)) {
            formula = between(text, position + 2, "$$", true);
        }
        if (formula == null && !escaped && text.startsWith("\\[", position)) {
            formula = between(text, position + 2, "\\]", true);
        }
        boolean afterDigit = position > 0 && Character.isDigit(text.charAt(position - 1));
        if (formula == null && !escaped && !afterDigit && text.charAt(position) == '$') {
            formula = between(text, position + 1, "$", false);
        }
        if (formula == null && !escaped && text.startsWith("\\(", position)) {
            formula = between(text, position + 2, "\\)", false);
        }
        if (formula == null && Character.isWhitespace(text.charAt(position)) && text.startsWith("[", position + 1)) {
            formula = inBareBrackets(text, position + 2);
        }
        if (formula != null && boxed && !formula.content().matches("(?s).*\\\\boxed\\{.+\\}.*")) {
            formula = null;
        }
        if (formula == null && !boxed) {
            Matcher fraction = FRACTION.matcher(text).region(position, text.length());
            formula = fraction.lookingAt() ? new LatexFormula(fraction.group(), fraction.end()) : null;
        }
        if (formula == null) {
            return null;
        }
        Matcher percent = PERCENT.matcher(text).region(formula.end(), text.length());
        return percent.lookingAt() ? new LatexFormula(formula.content(), percent.end()) : formula;
    }

    private static LatexFormula between(String text, int start, String closing, boolean display) {
        for (int index = start; index < text.length(); index++) {
            boolean escaped = text.charAt(index - 1) == '\\';
            if (!escaped && index > start && text.startsWith(closing, index)) {
                return new LatexFormula(text.substring(start, index), index + closing.length());
            }
            char character = text.charAt(index);
            boolean forbidden = !display && character == '\n' || closing.equals("$") && character == '$' && !escaped;
            if (forbidden) {
                return null;
            }
        }
        return null;
    }

    private static LatexFormula inBareBrackets(String text, int start) {
        for (int index = start; index < text.length(); index++) {
            char character = text.charAt(index);
            if (character == '\n' || character == '[') {
                return null;
            }
            if (character == ']') {
                boolean spaceAfter = index + 1 < text.length() && Character.isWhitespace(text.charAt(index + 1));
                return index > start && spaceAfter
                        ? new LatexFormula(text.substring(start, index), index + 2)
                        : null;
            }
        }
        return null;
    }
}
