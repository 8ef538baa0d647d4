package io.amalgam.evaluation.score.math;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The answer normalisation of Minerva (Lewkowycz et al. 2022, appendix D.1) as lm-evaluation-harness has it: what
 * {@code exact_match_original} compares. Its tables of replaced and removed words are data and are read.
 */
public final class MinervaNormalizer {
    /** What stands for an answer that does not have the form asked for. */
    public static final String INVALID = "[invalidanswer]";

    private static final Pattern FINAL_ANSWER = Pattern.compile(
            "Final Answer: The final answer is(.*?). I hope it is correct.", Pattern.UNIX_LINES);
    private static final List<Rule> RULES = List.of(
            new Rule("(.*?)(\\$)(.*?)(\\$)(.*)", "\\$$3\\$"),
            new Rule("(\\\\text\\{)(.*?)(\\})", "$2"),
            new Rule("(\\\\textbf\\{)(.*?)(\\})", "$2"),
            new Rule("(\\\\overline\\{)(.*?)(\\})", "$2"),
            new Rule("(\\\\boxed\\{)(.*)(\\})", "$2"),
            new Rule("(frac)([^{])(.)", "frac{$2}{$3}"),
            new Rule("(sqrt)([^{])", "sqrt{$2}"));

    private final List<String[]> substitutions = new ArrayList<>();
    private final List<String> removed = new ArrayList<>();

    private record Rule(Pattern pattern, String replacement) {
        Rule(String pattern, String replacement) {
            this(Pattern.compile(pattern, Pattern.UNIX_LINES), replacement);
        }
    }

    /**
     * A normaliser with its tables.
     *
     * @param tables an object with {@code SUBSTITUTIONS}, pairs of texts, and {@code REMOVED_EXPRESSIONS}, texts; both
     *     are applied in order
     */
    public MinervaNormalizer(JsonNode tables) {
        tables.path("SUBSTITUTIONS")
                .forEach(pair -> substitutions.add(new String[] {pair.get(0).asText(), pair.get(1).asText()}));
        tables.path("REMOVED_EXPRESSIONS").forEach(text -> removed.add(text.asText()));
    }

    /** Returns the final answer of a response as the prompt's examples state it, or {@link #INVALID}. */
    public static String extract(String response) {
        Matcher matcher = FINAL_ANSWER.matcher(response + "I hope it is correct.");
        return matcher.find() ? PythonText.strip(matcher.group(1)) : INVALID;
    }

    /** Returns the normal form of an answer. */
    public String normalize(String answer) {
        String text = answer.substring(answer.lastIndexOf('=') + 1);
        for (String[] substitution : substitutions) {
            text = text.replace(substitution[0], substitution[1]);
        }
        for (String expression : removed) {
            text = text.replace(expression, "");
        }
        for (Rule rule : RULES) {
            text = rule.pattern().matcher(text).replaceAll(rule.replacement());
        }
        text = text.replace("$", "");
        String digits = text.replace(",", "");
        return isDigits(digits) ? digits : text;
    }

    /**
     * Whether an extracted answer is the same as the gold answer: as normalised text, or as a formula.
     *
     * @param gold the boxed answer of the reference solution
     * @param extracted what {@link #extract} found
     */
    public boolean equivalent(String gold, String extracted) {
        String normalizedGold = normalize(gold);
        String normalized = normalize(extracted);
        return normalizedGold.equals(normalized)
                || !extracted.equals(INVALID) && MathEquivalence.sameFormula(normalizedGold, normalized);
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.codePoints().allMatch(Character::isDigit);
    }
}
