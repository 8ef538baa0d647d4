package io.amalgam.evaluation.score.math;

import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings the LaTeX of an answer into the form that is parsed and compared as text: what is boxed, without signs that
 * only change how it looks, without units, with braces where they were left out. The steps follow math_verify 0.9.0.
 */
final class LatexNormalizer {
    private static final int MAXIMUM_GAP = 10;
    private static final int MAXIMUM_GAP_WITH_SEPARATOR = 70;
    private static final Pattern SEPARATOR = Pattern.compile("\\b(?:and|or)\\b|,|;");

    private static final Pattern LEFT = Pattern.compile(
            "\\\\m?left(\\\\\\{|\\{|\\\\\\||\\||\\[|\\(|\\\\l?(?:vert|ceil|floor|angle|brace|brack|group))");
    private static final Pattern RIGHT = Pattern.compile(
            "\\\\m?right(\\\\\\}|\\}|\\\\\\||\\||\\]|\\)|\\\\r?(?:vert|ceil|floor|angle|brace|brack|group))");
    private static final Pattern INVISIBLE = Pattern.compile(
            "\\\\mathrm\\{th\\}|\\\\!\\s*|\\\\text\\s*\\{\\s*\\}|\\\\\\$|\\$|(?<!\\\\)[\"']|\\\\displaystyle");
    private static final List<Rule> WRITTEN_OTHERWISE = List.of(
            new Rule("\\\\math(?:rm|it|bf)", "\\\\text"),
            new Rule("\\\\text(?:normal|bf|it|rm)", "\\\\text"),
            new Rule("\\\\(?:d|t|c)frac", "\\\\frac"),
            new Rule("\\s\\.", " 0."),
            new Rule("\\{\\.", "{0."),
            new Rule("\\s*\\{\\s*,\\s*\\}", ","),
            new Rule("(?<![a-zA-Z])(?:,?\\s*(?:and|or))(?![a-zA-Z])", ","),
            new Rule(",?\\s*\\\\text\\{\\s*(?:and|or)\\s*\\}", ","),
            new Rule("(?<!\\\\)\\\\\\s", " "),
            new Rule("(?<!\\\\)infinity", "\\\\infty"),
            new Rule(",?\\\\ldots", " "),
            new Rule("\\\\text\\{(?:percentage|percent|pct)\\}", "%"),
            new Rule("\\s*\\b(?:percentage|percent|pct)\\b", "\\\\%"),
            new Rule(" sqrt", "\\\\sqrt"));
    private static final Pattern DOUBLED_BACKSLASH = Pattern.compile("\\\\\\\\(?=[a-zA-Z])");
    private static final Pattern UNIT_TEXT = Pattern.compile("(?:\\\\(?:text|mbox)\\{.*?\\})(?:\\^\\d|\\{\\^\\d\\})?$");
    private static final Pattern UNIT = Pattern.compile(
            "(\\d|\\}|\\s)\\s*(?:(?:cubic|square|sq)\\s+)?(?:feet|foot|ft|inch|inche|meter|metre|centimeter|kilometer"
                    + "|km|cm|mm|mile|yard|degree|deg|dollar|cent|gram|kg|pound|lb|liter|litre|gallon|acre|hour|hr"
                    + "|minute|min|second|sec|day|month|year|point|digit|unit|student|way|mph|kmph)(?:s|es)?\\s*$");
    private static final List<Rule> BRACES = List.of(
            new Rule("\\^\\s?\\((.*?)\\)", "^{$1}"),
            new Rule("sqrt\\s?\\((.*?)\\)", "\\\\sqrt{$1}"),
            new Rule("\\\\frac\\s?(\\d)\\s?(\\d+)", "\\\\frac{$1}{$2}"),
            new Rule("\\\\log_\\s?(\\d)\\s?(\\d+)", "\\\\log_{$1}{$2}"),
            new Rule("\\\\frac\\s?\\{(.*?)\\}\\s?(\\d)", "\\\\frac{$1}{$2}"),
            new Rule("\\\\frac\\s?(\\d)\\s?\\{(.*?)\\}", "\\\\frac{$1}{$2}"),
            new Rule("\\\\sqrt\\s*([^\\s{\\[])", "\\\\sqrt{$1}"));

    private record Rule(Pattern pattern, String replacement) {
        Rule(String pattern, String replacement) {
            this(Pattern.compile(pattern, Pattern.UNIX_LINES), replacement);
        }

        String apply(String text) {
            return pattern.matcher(text).replaceAll(replacement);
        }
    }

    private LatexNormalizer() {
    }

    /**
     * Returns the normal form.
     *
     * @param allBoxes whether all boxed answers in it are taken; otherwise those that belong to the last one
     */
    static String normalize(String latex, boolean allBoxes) {
        String text = boxed(latex, allBoxes);
        text = text.replace("\\left[\\begin{matrix}", "\\begin{bmatrix}").replace("\\end{matrix}\\right]", "\\end{bmatrix}");
        text = LEFT.matcher(text).replaceAll("$1");
        text = RIGHT.matcher(text).replaceAll("$1");
        text = INVISIBLE.matcher(text).replaceAll("");
        for (Rule rule : WRITTEN_OTHERWISE) {
            text = rule.apply(text);
        }
        text = text.replace('\n', ' ').replace('\t', ' ');
        if (!text.contains("matrix")) {
            text = DOUBLED_BACKSLASH.matcher(text).replaceAll("\\\\");
        }
        text = withoutUnit(text);
        if (text.startsWith(".")) {
            text = "0" + text;
        }
        for (Rule rule : BRACES) {
            text = rule.apply(text);
        }
        return PythonText.strip(text);
    }

    private static String withoutUnit(String latex) {
        String text = latex;
        String without = PythonText.strip(UNIT_TEXT.matcher(text).replaceAll(""));
        if (!without.isEmpty()) {
            text = without;
        }
        without = UNIT.matcher(text).replaceAll("$1");
        return without.isEmpty() ? text : without;
    }

    /** Returns what is boxed, answers that stand close together joined by commas; the text itself where nothing is. */
    private static String boxed(String text, boolean all) {
        List<String> answers = new ArrayList<>();
        int limit = text.length();
        int nextStart = -1;
        while (true) {
            int box = text.lastIndexOf("\\boxed", limit - 1);
            int frame = text.lastIndexOf("\\fbox", limit - 1);
            int start = Math.max(box, frame);
            if (start < 0) {
                break;
            }
            int open = start + (box > frame ? "\\boxed".length() : "\\fbox".length());
            while (open < limit && PythonText.isSpace(text.charAt(open))) {
                open++;
            }
            if (open >= limit) {
                break;
            }
            int close = text.charAt(open) == '{' ? closingBrace(text, open, limit) : -1;
            if (close < 0) {
                if (answers.isEmpty()) {
                    answers.add(text.substring(open));
                }
                break;
            }
            String answer = PythonText.strip(text.substring(open + 1, close));
            if (!all && nextStart >= 0 && !belongTogether(text, answer, answers.getLast(), close, nextStart)) {
                break;
            }
            if (answers.isEmpty() || !answers.getLast().equals(answer)) {
                answers.add(answer);
            }
            nextStart = start;
            limit = start;
        }
        if (answers.isEmpty()) {
            return text;
        }
        Collections.reverse(answers);
        return String.join(",", answers);
    }

    private static boolean belongTogether(String text, String answer, String next, int end, int nextStart) {
        String between = text.substring(end + 1, nextStart);
        return between.length() < MAXIMUM_GAP
                || !answer.equals(next) && between.length() < MAXIMUM_GAP_WITH_SEPARATOR
                        && SEPARATOR.matcher(between).find();
    }

    private static int closingBrace(String text, int open, int limit) {
        int depth = 0;
        for (int index = open; index < limit; index++) {
            char character = text.charAt(index);
            if (character == '{') {
                depth++;
            } else if (character == '}' && --depth == 0) {
                return index;
            }
        }
        return -1;
    }

    /** The last side of a chain of equations, if there are more than two and nothing is listed; else the text itself. */
    static String lastSide(String latex) {
        if (latex.indexOf(',') >= 0 || latex.indexOf(';') >= 0) {
            return latex;
        }
        Matcher equals = Pattern.compile("(?<!\\\\|<|!|>)=").matcher(latex);
        int count = 0;
        int end = 0;
        while (equals.find()) {
            count++;
            end = equals.end();
        }
        return count > 1 ? latex.substring(end) : latex;
    }
}
