package io.amalgam.evaluation.score.math;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Divides LaTeX into tokens: numbers, letters, commands, texts, single characters. */
final class LatexTokens {
    private static final Pattern TOKEN = Pattern.compile(
            "(?<number>\\d{1,3}(?:,\\d{3})+(?!\\d)(?:\\.\\d+)?|\\d+(?:\\.\\d+)?|\\.\\d+)"
                    + "|(?<text>\\\\(?:text|mbox|textbf|textit|operatorname)\\s*\\{(?<content>[^{}]*)\\})"
                    + "|(?<environment>\\\\(?:begin|end)\\s*\\{(?<kind>[a-z]*matrix|array)\\})"
                    + "|(?<command>\\\\(?:[A-Za-z]+|.))"
                    + "|(?<letter>[A-Za-z])"
                    + "|(?<other>\\S)",
            Pattern.DOTALL);
    /** Commands that only change how things look. */
    private static final Set<String> INVISIBLE = Set.of(
            "\\,", "\\;", "\\:", "\\!", "\\ ", "\\quad", "\\qquad", "\\displaystyle", "\\limits", "\\left", "\\right",
            "\\big", "\\Big", "\\bigg", "\\Bigg", "\\bigl", "\\bigr");

    /** Kinds of tokens. */
    enum Kind {
        NUMBER, TEXT, BEGIN, END_ENVIRONMENT, COMMAND, LETTER, OTHER, END
    }

    /**
     * A token.
     *
     * @param kind its kind
     * @param text what was written; for a text, what is in it
     */
    record Token(Kind kind, String text) {
        boolean is(String written) {
            return text.equals(written) && kind != Kind.TEXT;
        }
    }

    private LatexTokens() {
    }

    /** Returns the tokens of a text, and an end. */
    static List<Token> read(String latex) {
        List<Token> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(latex);
        while (matcher.find()) {
            if (matcher.group("number") != null) {
                tokens.add(new Token(Kind.NUMBER, matcher.group().replace(",", "")));
            } else if (matcher.group("text") != null) {
                if (!matcher.group("content").isBlank()) {
                    tokens.add(new Token(Kind.TEXT, matcher.group("content").strip()));
                }
            } else if (matcher.group("environment") != null) {
                boolean begin = matcher.group().startsWith("\\begin");
                tokens.add(new Token(begin ? Kind.BEGIN : Kind.END_ENVIRONMENT, matcher.group("kind")));
            } else if (matcher.group("command") != null) {
                if (!INVISIBLE.contains(matcher.group())) {
                    tokens.add(new Token(Kind.COMMAND, matcher.group()));
                }
            } else if (matcher.group("letter") != null) {
                tokens.add(new Token(Kind.LETTER, matcher.group()));
            } else {
                tokens.add(new Token(Kind.OTHER, matcher.group()));
            }
        }
        tokens.add(new Token(Kind.END, ""));
        return tokens;
    }
}
