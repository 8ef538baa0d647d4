package io.amalgam.evaluation.score.instruction;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Divides text into sentences by Punkt (Kiss and Strunk 2006, "Unsupervised multilingual sentence boundary detection")
 * with trained parameters, deciding as NLTK 3.10.4 decides: a candidate is a full stop, question or exclamation mark
 * before white space or closing punctuation; abbreviations, collocations, initials, ordinals and the spelling of the
 * next word say whether it ends a sentence.
 */
final class PunktSentences {
    private static final int MIDDLE_UPPER = 1 << 2;
    private static final int BEGIN_LOWER = 1 << 4;
    private static final int ANY_UPPER = 1 << 1 | 1 << 2 | 1 << 3;
    private static final int ANY_LOWER = 1 << 4 | 1 << 5 | 1 << 6;

    private static final String NUMBER = "##number##";
    private static final String ASCII_SPACE = " \t\n\r\u000b\f";
    private static final String NEVER_STARTS = ";:,.!?";
    private static final String QUOTES = "\u2018\u2019\u201c\u201d\u00ab\u00bb";
    private static final String NON_WORD = "(?:[)\";}\\]*:@'({\\[" + QUOTES + "?!])";
    private static final String MULTIPLE = "(?:-{2,}|\\.{2,}|(?:\\.\\s){2,}\\.)";

    private static final Pattern WORD = PythonPatterns.compile(
            MULTIPLE
                    + "|(?=[^(\"`{\\[:;&#*@)}\\]\\-,])\\S+?(?=\\s|$|" + NON_WORD + "|" + MULTIPLE + "|,(?=$|\\s|" + NON_WORD
                    + "|" + MULTIPLE + "))"
                    + "|\\S");
    private static final Pattern CANDIDATE =
            PythonPatterns.compile("[.?!](?=(?<after>" + NON_WORD + "|\\s+(?<next>\\S+)))");
    private static final Pattern CLOSING = PythonPatterns.compile(
            "[\"')\\]}" + QUOTES + "]+?(?:\\s+|(?=--)|$)", Pattern.MULTILINE);
    private static final Pattern NUMERIC =
            PythonPatterns.compile("^-?[.,]?\\p{Nd}[\\p{Nd},.-]*\\.?$");
    private static final Pattern INITIAL = PythonPatterns.compile("[\\p{L}\\p{Nl}\\p{No}_]\\.$");
    private static final Pattern ELLIPSIS = PythonPatterns.compile("\\.\\.+$");

    private final Set<String> abbreviations = new HashSet<>();
    private final Set<String> starters = new HashSet<>();
    private final Set<List<String>> collocations = new HashSet<>();
    private final Map<String, Integer> spellings = new HashMap<>();

    /**
     * A divider with trained parameters.
     *
     * @param parameters an object with {@code abbrev_types}, {@code sent_starters}, {@code collocations} (pairs) and
     *     {@code ortho_context} (a bit set a word), as NLTK's {@code punkt_tab} has them
     */
    PunktSentences(JsonNode parameters) {
        parameters.path("abbrev_types").forEach(type -> abbreviations.add(type.asText()));
        parameters.path("sent_starters").forEach(type -> starters.add(type.asText()));
        parameters.path("collocations")
                .forEach(pair -> collocations.add(List.of(pair.get(0).asText(), pair.get(1).asText())));
        parameters.path("ortho_context").properties()
                .forEach(entry -> spellings.put(entry.getKey(), entry.getValue().asInt()));
    }

    /** What is known of a word that may end a sentence, or follow one that may. */
    private static final class Word {
        private final String text;
        private final String type;
        private boolean endsSentence;
        private boolean abbreviation;
        private boolean ellipsis;

        Word(String text) {
            this.text = text;
            this.type = NUMERIC.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(NUMBER);
        }

        String typeWithoutPeriod() {
            return type.length() > 1 && type.endsWith(".") ? type.substring(0, type.length() - 1) : type;
        }

        String typeWithoutSentencePeriod() {
            return endsSentence ? typeWithoutPeriod() : type;
        }

        boolean isInitial() {
            return INITIAL.matcher(text).lookingAt();
        }

        boolean startsUpper() {
            return PythonText.isUpper(text.substring(0, text.offsetByCodePoints(0, 1)));
        }

        boolean startsLower() {
            return PythonText.isLower(text.substring(0, text.offsetByCodePoints(0, 1)));
        }
    }

    /** What the spelling of a word says about whether it starts a sentence. */
    private enum Starts {
        YES, NO, UNKNOWN
    }

    /** A stretch of text. */
    private record Span(int start, int end) {
    }

    /** A place where a sentence may end. */
    private record Candidate(int end, int nextStart, String context) {
    }

    /** Returns the sentences of a text. */
    List<String> divide(String text) {
        List<String> sentences = new ArrayList<>();
        for (Span span : realign(text, spans(text))) {
            sentences.add(text.substring(span.start(), span.end()));
        }
        return sentences;
    }

    private List<Span> spans(String text) {
        List<Span> spans = new ArrayList<>();
        int start = 0;
        for (Candidate candidate : candidates(text)) {
            if (endsSentence(candidate.context())) {
                spans.add(new Span(start, candidate.end()));
                start = candidate.nextStart();
            }
        }
        // White space at the end belongs to no sentence.
        spans.add(new Span(start, Math.max(start, PythonText.stripRight(text).length())));
        return spans;
    }

    /** Finds candidates with the word before each; of several that share a word (as in "!!!") the last. */
    private static List<Candidate> candidates(String text) {
        List<Candidate> candidates = new ArrayList<>();
        Matcher matcher = CANDIDATE.matcher(text);
        int wordStart = 0;
        int wordEnd = 0;
        Candidate pending = null;
        while (matcher.find()) {
            int space = lastSpace(text, wordEnd, matcher.start());
            int start = space > 0 ? wordEnd + space + 1 : wordStart;
            if (pending != null && wordEnd <= start) {
                candidates.add(pending);
            }
            wordStart = start;
            wordEnd = matcher.start();
            int next = matcher.group("next") == null ? matcher.end() : matcher.start("next");
            pending = new Candidate(
                    matcher.end(), next,
                    text.substring(wordStart, wordEnd) + matcher.group() + matcher.group("after"));
        }
        if (pending != null) {
            candidates.add(pending);
        }
        return candidates;
    }

    /** The position of the last ASCII white space of a stretch, relative to its start; 0 if there is none. */
    private static int lastSpace(String text, int start, int end) {
        for (int index = end - 1; index >= start; index--) {
            if (ASCII_SPACE.indexOf(text.charAt(index)) >= 0) {
                return index - start;
            }
        }
        return 0;
    }

    /** Gives closing quotes and brackets after the end of a sentence to that sentence. */
    private static List<Span> realign(String text, List<Span> spans) {
        List<Span> realigned = new ArrayList<>();
        int shift = 0;
        for (int index = 0; index < spans.size(); index++) {
            Span span = new Span(spans.get(index).start() + shift, spans.get(index).end());
            // An empty last stretch counts as a sentence that follows, as it does in Python.
            if (index + 1 < spans.size()) {
                Span next = spans.get(index + 1);
                Matcher closing = CLOSING.matcher(text.substring(next.start(), next.end()));
                if (closing.lookingAt()) {
                    realigned.add(new Span(
                            span.start(), next.start() + PythonText.stripRight(closing.group()).length()));
                    shift = closing.end();
                    continue;
                }
            }
            shift = 0;
            if (span.start() < span.end()) {
                realigned.add(span);
            }
        }
        return realigned;
    }

    /** Whether any word of a context but its last ends a sentence. */
    private boolean endsSentence(String context) {
        List<Word> words = new ArrayList<>();
        for (String line : context.split("\n", -1)) {
            if (PythonText.isBlank(line)) {
                continue;
            }
            Matcher matcher = WORD.matcher(line);
            while (matcher.find()) {
                words.add(new Word(matcher.group()));
            }
        }
        words.forEach(this::annotateByType);
        for (int index = 0; index + 1 < words.size(); index++) {
            annotateByContext(words.get(index), words.get(index + 1));
        }
        for (int index = 0; index + 1 < words.size(); index++) {
            if (words.get(index).endsSentence) {
                return true;
            }
        }
        return false;
    }

    /** The first pass: what the word alone says. */
    private void annotateByType(Word word) {
        String text = word.text;
        if (text.equals(".") || text.equals("?") || text.equals("!")) {
            word.endsSentence = true;
        } else if (ELLIPSIS.matcher(text).lookingAt()) {
            word.ellipsis = true;
        } else if (text.endsWith(".") && !text.endsWith("..")) {
            String type = text.substring(0, text.length() - 1).toLowerCase(Locale.ROOT);
            if (abbreviations.contains(type) || abbreviations.contains(type.substring(type.lastIndexOf('-') + 1))) {
                word.abbreviation = true;
            } else {
                word.endsSentence = true;
            }
        }
    }

    /** The second pass: what the next word says (sections 4.1 to 4.3 of the paper). */
    private void annotateByContext(Word word, Word next) {
        if (!word.text.endsWith(".")) {
            return;
        }
        String type = word.typeWithoutPeriod();
        String nextType = next.typeWithoutSentencePeriod();
        boolean initial = word.isInitial();
        if (collocations.contains(List.of(type, nextType))) {
            word.endsSentence = false;
            word.abbreviation = true;
            return;
        }
        if ((word.abbreviation || word.ellipsis) && !initial) {
            if (startsSentence(next) == Starts.YES || next.startsUpper() && starters.contains(nextType)) {
                word.endsSentence = true;
                return;
            }
        }
        if (initial || type.equals(NUMBER)) {
            Starts starts = startsSentence(next);
            boolean alwaysUpper = starts == Starts.UNKNOWN && initial && next.startsUpper()
                    && (spellings.getOrDefault(nextType, 0) & ANY_LOWER) == 0;
            if (starts == Starts.NO || alwaysUpper) {
                word.endsSentence = false;
                word.abbreviation = true;
            }
        }
    }

    private Starts startsSentence(Word word) {
        if (word.text.length() == 1 && NEVER_STARTS.contains(word.text)) {
            return Starts.NO;
        }
        int spelling = spellings.getOrDefault(word.typeWithoutSentencePeriod(), 0);
        if (word.startsUpper() && (spelling & ANY_LOWER) != 0 && (spelling & MIDDLE_UPPER) == 0) {
            return Starts.YES;
        }
        if (word.startsLower() && ((spelling & ANY_UPPER) != 0 || (spelling & BEGIN_LOWER) == 0)) {
            return Starts.NO;
        }
        return Starts.UNKNOWN;
    }
}
