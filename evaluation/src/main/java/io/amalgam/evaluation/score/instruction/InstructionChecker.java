package io.amalgam.evaluation.score.instruction;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * IFEval's verifiable instructions (Zhou et al. 2023), each checked as lm-evaluation-harness 0.4.13 checks it.
 *
 * <p>Two deviations, where the harness answers by chance: languages are detected with a fixed seed, and a letter to be
 * counted that is none of a to z is counted as it stands.
 */
public final class InstructionChecker {
    /** The names of all instructions. */
    public static final Set<String> INSTRUCTIONS = Set.of(
            "keywords:existence", "keywords:frequency", "keywords:forbidden_words", "keywords:letter_frequency",
            "language:response_language", "length_constraints:number_sentences",
            "length_constraints:number_paragraphs", "length_constraints:number_words",
            "length_constraints:nth_paragraph_first_word", "detectable_content:number_placeholders",
            "detectable_content:postscript", "detectable_format:number_bullet_lists",
            "detectable_format:constrained_response", "detectable_format:number_highlighted_sections",
            "detectable_format:multiple_sections", "detectable_format:json_format", "detectable_format:title",
            "combination:two_responses", "combination:repeat_prompt", "startend:end_checker", "startend:quotation",
            "change_case:capital_word_frequency", "change_case:english_capital", "change_case:english_lowercase",
            "punctuation:no_comma");

    private static final Pattern WORDS = PythonPatterns.compile("\\w+");
    private static final Pattern PARAGRAPH_MARK = PythonPatterns.compile("\\s?\\*\\*\\*\\s?");
    private static final Pattern PLACEHOLDER = PythonPatterns.compile("\\[.*?\\]");
    private static final Pattern STAR_BULLET = PythonPatterns.compile("^\\s*\\*[^*].*$", Pattern.MULTILINE);
    private static final Pattern DASH_BULLET = PythonPatterns.compile("^\\s*-.*$", Pattern.MULTILINE);
    private static final Pattern HIGHLIGHT = PythonPatterns.compile("\\*[^\\n*]*\\*");
    private static final Pattern DOUBLE_HIGHLIGHT = PythonPatterns.compile("\\*\\*[^\\n*]*\\*\\*");
    private static final Pattern TITLE = PythonPatterns.compile("<<[^\\n]+>>");
    private static final List<String> CONSTRAINED =
            List.of("My answer is yes.", "My answer is no.", "My answer is maybe.");
    private static final String WORD_END = ".,?!'\"";

    private final PunktSentences sentences;

    /**
     * A checker.
     *
     * @param punktParameters Punkt's parameters for English, as NLTK's {@code punkt_tab} has them
     */
    public InstructionChecker(JsonNode punktParameters) {
        this.sentences = new PunktSentences(punktParameters);
    }

    /** Whether a response follows an instruction; a blank one never does. */
    public boolean strict(String instruction, JsonNode parameters, String response) {
        return !PythonText.isBlank(response) && check(instruction, parameters).test(response);
    }

    /**
     * Whether a response, or one of its mild edits, follows an instruction: without its first line, its last line, or
     * both; and each of these without asterisks.
     */
    public boolean loose(String instruction, JsonNode parameters, String response) {
        Predicate<String> check = check(instruction, parameters);
        String[] lines = response.split("\n", -1);
        List<String> variants = List.of(
                response,
                PythonText.strip(joined(lines, 1, lines.length)),
                PythonText.strip(joined(lines, 0, lines.length - 1)),
                PythonText.strip(joined(lines, 1, lines.length - 1)));
        for (String variant : variants) {
            for (String text : List.of(variant, variant.replace("*", ""))) {
                if (!PythonText.isBlank(text) && check.test(text)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns the number of sentences of a text. */
    public int countSentences(String text) {
        return sentences.divide(text).size();
    }

    /** Returns the number of words of a text: stretches of letters, digits and underscores. */
    public static int countWords(String text) {
        return PythonPatterns.count(WORDS, text);
    }

    /** Returns the number of words in capitals. */
    public int countCapitalWords(String text) {
        int count = 0;
        for (String sentence : sentences.divide(text)) {
            for (String word : TreebankWords.divide(sentence)) {
                if (PythonText.isUpper(word)) {
                    count++;
                }
            }
        }
        return count;
    }

    private static String joined(String[] lines, int from, int to) {
        return from >= to ? "" : String.join("\n", List.of(lines).subList(from, to));
    }

    private Predicate<String> check(String instruction, JsonNode raw) {
        Parameters parameters = new Parameters(instruction, raw);
        return switch (instruction) {
            case "keywords:existence" -> allKeywords(parameters.texts("keywords"));
            case "keywords:frequency" -> keywordFrequency(parameters);
            case "keywords:forbidden_words" -> noneOf(parameters.texts("forbidden_words"));
            case "keywords:letter_frequency" -> letterFrequency(parameters);
            case "language:response_language" -> {
                String language = parameters.text("language");
                yield response -> LanguageDetection.isOrUnknown(language, response);
            }
            case "length_constraints:number_sentences" ->
                parameters.relation("relation", "num_sentences", this::countSentences);
            case "length_constraints:number_paragraphs" -> paragraphs(parameters.number("num_paragraphs"));
            case "length_constraints:number_words" ->
                parameters.relation("relation", "num_words", InstructionChecker::countWords);
            case "length_constraints:nth_paragraph_first_word" -> paragraphFirstWord(parameters);
            case "detectable_content:number_placeholders" -> {
                int least = parameters.number("num_placeholders");
                yield response -> PythonPatterns.count(PLACEHOLDER, response) >= least;
            }
            case "detectable_content:postscript" -> postscript(parameters.text("postscript_marker"));
            case "detectable_format:number_bullet_lists" -> {
                int bullets = parameters.number("num_bullets");
                yield response -> PythonPatterns.count(STAR_BULLET, response)
                        + PythonPatterns.count(DASH_BULLET, response) == bullets;
            }
            case "detectable_format:constrained_response" -> response ->
                CONSTRAINED.stream().anyMatch(PythonText.strip(response)::contains);
            case "detectable_format:number_highlighted_sections" -> {
                int least = parameters.number("num_highlights");
                yield response -> highlights(response) >= least;
            }
            case "detectable_format:multiple_sections" -> {
                Pattern splitter =
                        PythonPatterns.compile("\\s?" + parameters.text("section_spliter") + "\\s?\\d+\\s?");
                int least = parameters.number("num_sections");
                yield response -> PythonPatterns.split(splitter, response).length - 1 >= least;
            }
            case "detectable_format:json_format" -> InstructionChecker::isJson;
            case "detectable_format:title" -> InstructionChecker::hasTitle;
            case "combination:two_responses" -> InstructionChecker::hasTwoResponses;
            case "combination:repeat_prompt" -> {
                String start = lower(PythonText.strip(parameters.text("prompt_to_repeat")));
                yield response -> lower(PythonText.strip(response)).startsWith(start);
            }
            case "startend:end_checker" -> {
                String end = lower(PythonText.strip(parameters.text("end_phrase")));
                yield response -> lower(PythonText.strip(PythonText.strip(response), "\"")).endsWith(end);
            }
            case "startend:quotation" -> response -> {
                String text = PythonText.strip(response);
                return text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
            };
            case "change_case:capital_word_frequency" ->
                parameters.relation("capital_relation", "capital_frequency", this::countCapitalWords);
            case "change_case:english_capital" -> response ->
                PythonText.isUpper(response) && LanguageDetection.isOrUnknown("en", response);
            case "change_case:english_lowercase" -> response ->
                PythonText.isLower(response) && LanguageDetection.isOrUnknown("en", response);
            case "punctuation:no_comma" -> response -> response.indexOf(',') < 0;
            default -> throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "IFEval has no instruction \"" + instruction + "\".");
        };
    }

    private static Predicate<String> allKeywords(List<String> keywords) {
        List<Pattern> patterns = keywords.stream().map(PythonPatterns::ignoringCase).toList();
        return response -> patterns.stream().allMatch(pattern -> pattern.matcher(response).find());
    }

    private static Predicate<String> keywordFrequency(Parameters parameters) {
        Pattern keyword = PythonPatterns.ignoringCase(PythonText.strip(parameters.text("keyword")));
        return parameters.relation("relation", "frequency", response -> PythonPatterns.count(keyword, response));
    }

    private static Predicate<String> noneOf(List<String> words) {
        List<Pattern> patterns =
                words.stream().map(word -> PythonPatterns.ignoringCase("\\b" + word + "\\b")).toList();
        return response -> patterns.stream().noneMatch(pattern -> pattern.matcher(response).find());
    }

    private static Predicate<String> letterFrequency(Parameters parameters) {
        String letter = lower(parameters.text("letter"));
        return parameters.relation(
                "let_relation", "let_frequency", response -> PythonText.count(lower(response), letter));
    }

    private static Predicate<String> paragraphs(int expected) {
        return response -> {
            String[] parts = PythonPatterns.split(PARAGRAPH_MARK, response);
            int count = parts.length;
            for (int index = 0; index < parts.length; index++) {
                if (PythonText.isBlank(parts[index])) {
                    if (index != 0 && index != parts.length - 1) {
                        return false;
                    }
                    count--;
                }
            }
            return count == expected;
        };
    }

    private static Predicate<String> paragraphFirstWord(Parameters parameters) {
        int expected = parameters.number("num_paragraphs");
        int position = parameters.number("nth_paragraph");
        String firstWord = lower(parameters.text("first_word"));
        return response -> {
            // The paragraph is counted among all, blank ones included; their number is that of the others.
            String[] parts = response.split("\n\n", -1);
            int count = 0;
            for (String part : parts) {
                if (!PythonText.isBlank(part)) {
                    count++;
                }
            }
            if (position > count || PythonText.isBlank(parts[position - 1])) {
                return false;
            }
            return count == expected && firstWord(parts[position - 1]).equals(firstWord);
        };
    }

    private static String firstWord(String paragraph) {
        String word = TreebankWords.splitAtSpace(paragraph).getFirst();
        int start = 0;
        while (start < word.length() && word.charAt(start) == '\'') {
            start++;
        }
        while (start < word.length() && word.charAt(start) == '"') {
            start++;
        }
        int end = start;
        while (end < word.length() && WORD_END.indexOf(word.charAt(end)) < 0) {
            end++;
        }
        return lower(word.substring(start, end));
    }

    private static Predicate<String> postscript(String marker) {
        Pattern pattern = PythonPatterns.compile(
                switch (marker) {
                    case "P.P.S" -> "\\s*p\\.\\s?p\\.\\s?s.*$";
                    case "P.S." -> "\\s*p\\.\\s?s\\..*$";
                    default -> "\\s*" + lower(marker) + ".*$";
                },
                Pattern.MULTILINE);
        return response -> pattern.matcher(lower(response)).find();
    }

    /** A stretch between double asterisks counts once: to the pattern of single ones it is two empty stretches. */
    private static int highlights(String response) {
        int count = 0;
        for (String highlight : PythonPatterns.findAll(HIGHLIGHT, response)) {
            if (!PythonText.isBlank(PythonText.strip(highlight, "*"))) {
                count++;
            }
        }
        for (String highlight : PythonPatterns.findAll(DOUBLE_HIGHLIGHT, response)) {
            if (!PythonText.isBlank(highlight.substring(2, highlight.length() - 2))) {
                count++;
            }
        }
        return count;
    }

    private static boolean isJson(String response) {
        String text = PythonText.strip(response);
        for (String prefix : List.of("```json", "```Json", "```JSON", "```")) {
            if (text.startsWith(prefix)) {
                text = text.substring(prefix.length());
            }
        }
        if (text.endsWith("```")) {
            text = text.substring(0, text.length() - 3);
        }
        return PythonJson.accepts(PythonText.strip(text));
    }

    private static boolean hasTitle(String response) {
        for (String title : PythonPatterns.findAll(TITLE, response)) {
            int start = 0;
            int end = title.length();
            while (start < end && title.charAt(start) == '<') {
                start++;
            }
            while (end > start && title.charAt(end - 1) == '>') {
                end--;
            }
            if (!PythonText.isBlank(title.substring(start, end))) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasTwoResponses(String response) {
        String[] parts = response.split(Pattern.quote("******"), -1);
        List<String> responses = new ArrayList<>();
        for (int index = 0; index < parts.length; index++) {
            if (!PythonText.isBlank(parts[index])) {
                responses.add(PythonText.strip(parts[index]));
            } else if (index != 0 && index != parts.length - 1) {
                return false;
            }
        }
        return responses.size() == 2 && !responses.get(0).equals(responses.get(1));
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
