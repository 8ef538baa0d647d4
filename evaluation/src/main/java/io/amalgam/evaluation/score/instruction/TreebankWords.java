package io.amalgam.evaluation.score.instruction;

import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Divides a sentence into words by the rules of the Penn Treebank (MacIntyre's {@code tokenizer.sed}) with NLTK's
 * improvements: what NLTK 3.10.4's {@code word_tokenize} does to each sentence.
 */
final class TreebankWords {
    private static final List<Rule> BEFORE_PADDING = List.of(
            // Opening quotes.
            new Rule("([\u00ab\u201c\u2018\u201e]|`+)", " $1 "),
            new Rule("^\"", "``"),
            new Rule("(``)", " $1 "),
            new Rule("([ (\\[{<])(\"|'{2})", "$1 `` "),
            Rule.ignoringCase("(?<![\\p{L}\\p{N}_])(')(?!(?:re|ve|ll|m|t|s|d|n)\\b)(?=\\w)", "$1 "),
            // Punctuation.
            new Rule("([^.])(\\.)([\\])}>\"'\u00bb\u201d\u2019 ]*+)\\s*$", "$1 $2 $3 "),
            new Rule("([:,])([^\\p{Nd}])", " $1 $2"),
            new Rule("([:,])$", " $1 "),
            new Rule("\\.{2,}", " $0 "),
            new Rule("[;@#$%&]", " $0 "),
            new Rule("[\u2012-\u2015]", " $0 "),
            new Rule("([^.])(\\.)([\\])}>\"']*)\\s*$", "$1 $2$3 "),
            new Rule("[?!]", " $0 "),
            new Rule("([^'])' ", "$1 ' "),
            new Rule("[*]", " $0 "),
            // Brackets and dashes.
            new Rule("[\\]\\[(){}<>]", " $0 "),
            new Rule("--", " -- "));
    private static final List<Rule> AFTER_PADDING = List.of(
            // Closing quotes.
            new Rule("([\u00bb\u201d\u2019])", " $1 "),
            new Rule("''", " '' "),
            new Rule("\"", " '' "),
            new Rule("\\s+", " "),
            new Rule("([^' ])('[sS]|'[mM]|'[dD]|') ", "$1 $2 "),
            new Rule("([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) ", "$1 $2 "),
            // Contractions.
            Rule.ignoringCase("\\b(can)(not)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(d)('ye)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(gim)(me)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(gon)(na)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(got)(ta)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(lem)(me)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(more)('n)\\b", " $1 $2 "),
            Rule.ignoringCase("\\b(wan)(na)(?=\\s)", " $1 $2 "),
            Rule.ignoringCase(" ('t)(is)\\b", " $1 $2 "),
            Rule.ignoringCase(" ('t)(was)\\b", " $1 $2 "));

    private record Rule(Pattern pattern, String replacement) {
        Rule(String pattern, String replacement) {
            this(PythonPatterns.compile(pattern), replacement);
        }

        static Rule ignoringCase(String pattern, String replacement) {
            return new Rule(PythonPatterns.ignoringCase(pattern), replacement);
        }

        String apply(String text) {
            return pattern.matcher(text).replaceAll(replacement);
        }
    }

    private TreebankWords() {
    }

    /** Returns the words of a sentence. */
    static List<String> divide(String sentence) {
        String text = sentence;
        for (Rule rule : BEFORE_PADDING) {
            text = rule.apply(text);
        }
        text = " " + text + " ";
        for (Rule rule : AFTER_PADDING) {
            text = rule.apply(text);
        }
        return splitAtSpace(text);
    }

    /** {@code str.split()}: the stretches between white space. */
    static List<String> splitAtSpace(String text) {
        List<String> words = new ArrayList<>();
        int start = -1;
        for (int index = 0; index <= text.length(); index++) {
            boolean space = index == text.length() || PythonText.isSpace(text.charAt(index));
            if (!space && start < 0) {
                start = index;
            } else if (space && start >= 0) {
                words.add(text.substring(start, index));
                start = -1;
            }
        }
        return words;
    }
}
