package io.amalgam.evaluation.score.math;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the answer in a solution as math_verify 0.9.0 does: by phrases that announce it, boxes, formulas, numbers, in
 * this order; among equals the last one. The first that can be read is taken.
 */
final class AnswerExtractor {
    private static final int PHRASE_REACH = 100;
    private static final int ANSWER_REACH = 50;
    private static final int MAXIMUM_FORMULAS = 6;

    private static final Pattern FINAL_ANSWER_IS = Pattern.compile("(?i:final answer is):?\\s*");
    private static final Pattern I_HOPE = Pattern.compile("\\.?\\s?I hope");
    private static final Pattern FINAL_ANSWER = Pattern.compile("(?i:final answer)");
    private static final Pattern IS = Pattern.compile("\\s+is:?\\s*");
    private static final Pattern ANSWER = Pattern.compile("(?i:answer)");
    private static final Pattern JOINT = Pattern.compile("\\s*(?:,?and|,?or|,)\\s*");
    private static final Pattern BOXED = Pattern.compile("\\\\boxed\\{");

    private static final String NUMBER = "(?<!\\d)(?:(?<thousands>-?[1-9]\\d{0,2}(?:[ ,]\\d{3})+)(?<rest>\\.\\d+)?"
            + "|(?<whole>-?\\d+)(?<part>[.,]\\d+)|(?<point>\\.\\d+)|(?<plain>-?\\d+))"
            + "(?<percent>\\s*(?:%|[Pp]ercent|[Pp]ercentage|[Pp]ct))?";
    private static final String OPERATORS = "\\+\\-*\u00d7/^()\u00f7";
    private static final String ARITHMETIC = "(?<arithmetic>-?\\(?-?\\d[\\d.\\s" + OPERATORS + "]*[" + OPERATORS
            + "][\\d.\\s" + OPERATORS + "]+\\)?)";
    private static final String BEFORE = "(?:^|\\s|=)(?:\\*\\*)?";
    private static final String AFTER = "(?:\\*\\*)?(?:\\.|,|:|\\s|\\)|\\$|$)";
    private static final String CURRENCY = "[$\u20ac\u00a3\u00a5\u20b9]?";
    private static final String EXPRESSION =
            "(?:(?:" + BEFORE + ARITHMETIC + AFTER + ")|(?:" + BEFORE + CURRENCY + NUMBER + "))";
    private static final List<Rule> EXPRESSIONS = List.of(
            new Rule(0, "(?i:final answer is):?\\s*" + EXPRESSION + "\\.?\\s?I hope"),
            new Rule(50, "(?i:final answer.{0,100}?)\\s+is:?" + EXPRESSION),
            new Rule(100, "(?i:answer):(?:.{0,100}=\\s*|.{0,50}?)" + EXPRESSION + "(?!\\s*=)"),
            new Rule(200, "(?i:answer)(?:.{0,100}=\\s*|.{0,50}?)" + EXPRESSION + "(?!\\s*=)"),
            new Rule(300, BEFORE + ARITHMETIC + AFTER),
            new Rule(300, BEFORE + CURRENCY + NUMBER));

    private record Rule(int priority, Pattern pattern) {
        Rule(int priority, String pattern) {
            this(priority, Pattern.compile(pattern, Pattern.UNIX_LINES));
        }
    }

    /**
     * An answer.
     *
     * @param value what it means, or null where it could not be read
     * @param text what was written, in normal form
     */
    record Extraction(MathValue value, String text) {
    }

    /** A place where an answer may stand. */
    private record Candidate(int priority, int start, int end, List<String> formulas, boolean box, Matcher number) {
    }

    private AnswerExtractor() {
    }

    /**
     * Finds the answer of a solution.
     *
     * @param onlyLatex whether only formulas are looked at, as in a reference solution; otherwise bare numbers too
     * @return the answer, or null where there is none
     */
    static Extraction extract(String solution, boolean onlyLatex) {
        List<Candidate> candidates = new ArrayList<>();
        addFormulas(solution, candidates);
        if (!onlyLatex) {
            for (Rule rule : EXPRESSIONS) {
                Matcher matcher = rule.pattern().matcher(solution);
                while (matcher.find()) {
                    Matcher match = rule.pattern().matcher(solution);
                    match.find(matcher.start());
                    candidates.add(new Candidate(
                            rule.priority(), matcher.start(), matcher.end(), List.of(), false, match));
                }
            }
        }
        candidates.sort(Comparator.comparingInt(Candidate::priority)
                .thenComparing(Comparator.comparingInt(Candidate::end).reversed())
                .thenComparing(Candidate::start));
        String fallback = null;
        for (Candidate candidate : candidates) {
            Extraction extraction = candidate.number() == null
                    ? formula(candidate.formulas(), candidate.box())
                    : expression(candidate.number());
            if (fallback == null && !extraction.text().isEmpty()) {
                fallback = extraction.text();
            }
            if (extraction.value() != null) {
                return new Extraction(extraction.value(), fallback);
            }
        }
        return fallback == null ? null : new Extraction(null, fallback);
    }

    private static void addFormulas(String solution, List<Candidate> candidates) {
        Matcher announced = FINAL_ANSWER_IS.matcher(solution);
        while (announced.find()) {
            Formulas formulas = Formulas.at(solution, announced.end());
            Matcher hope = I_HOPE.matcher(solution);
            if (formulas != null && hope.region(formulas.end, solution.length()).lookingAt()) {
                candidates.add(formulas.candidate(0, announced.start(), hope.end()));
            }
        }
        addAfterPhrase(solution, FINAL_ANSWER, IS, PHRASE_REACH, 50, candidates);
        addAfterPhrase(solution, ANSWER, Pattern.compile(":"), 0, 100, candidates);
        addAfterPhrase(solution, ANSWER, null, 0, 200, candidates);
        for (int position = 0; position < solution.length();) {
            Formulas formulas = Formulas.at(solution, position);
            if (formulas == null) {
                position++;
            } else {
                candidates.add(formulas.candidate(300, position, formulas.end));
                position = formulas.end;
            }
        }
        for (int position = 0; position < solution.length();) {
            Formulas formulas = Formulas.boxedAt(solution, position);
            if (formulas == null) {
                position++;
            } else {
                candidates.add(formulas.candidate(50, position, formulas.end));
                position = formulas.end;
            }
        }
        Matcher box = BOXED.matcher(solution);
        int lastBrace = solution.lastIndexOf('}');
        if (box.find() && lastBrace > box.end()) {
            candidates.add(new Candidate(
                    50, box.start(), lastBrace + 1, List.of(solution.substring(box.start(), lastBrace + 1)), true, null));
        }
    }

    /** Formulas within reach of a phrase. */
    private static void addAfterPhrase(
            String solution, Pattern phrase, Pattern link, int linkReach, int priority, List<Candidate> candidates) {
        Matcher matcher = phrase.matcher(solution);
        int from = 0;
        while (matcher.find(from)) {
            from = matcher.end();
            int reach = link == null || linkReach == 0 ? ANSWER_REACH : 0;
            for (int gap = 0; gap <= linkReach && matcher.end() + gap <= solution.length(); gap++) {
                int start = matcher.end() + gap;
                if (link != null) {
                    Matcher linked = link.matcher(solution).region(start, solution.length());
                    if (!linked.lookingAt()) {
                        continue;
                    }
                    start = linked.end();
                }
                Formulas formulas = null;
                for (int skipped = 0; skipped <= reach && formulas == null; skipped++) {
                    formulas = Formulas.at(solution, start + skipped);
                }
                if (formulas != null) {
                    candidates.add(formulas.candidate(priority, matcher.start(), formulas.end));
                    from = formulas.end;
                    break;
                }
            }
        }
    }

    private static Extraction formula(List<String> formulas, boolean box) {
        List<MathValue> values = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        boolean read = true;
        for (String formula : formulas) {
            String text = LatexNormalizer.normalize(formula, !box);
            MathValue value = parse(text);
            texts.add(text);
            values.add(value);
            read &= value != null;
        }
        if (values.size() > 1 && read) {
            List<MathValue> elements = new ArrayList<>();
            for (MathValue value : values) {
                if (value instanceof MathValue.Collection(List<MathValue> inner)) {
                    elements.addAll(inner);
                } else {
                    elements.add(value);
                }
            }
            return new Extraction(new MathValue.Collection(elements), String.join(" and ", texts));
        }
        return new Extraction(values.getFirst(), texts.getFirst());
    }

    private static MathValue parse(String text) {
        try {
            return LatexParser.parse(text, false);
        } catch (IllegalArgumentException e) {
            String last = LatexNormalizer.lastSide(text);
            if (last.equals(text)) {
                return null;
            }
            try {
                return LatexParser.parse(last, false);
            } catch (IllegalArgumentException again) {
                return null;
            }
        }
    }

    private static Extraction expression(Matcher match) {
        if (group(match, "arithmetic") != null) {
            String text = match.group("arithmetic");
            try {
                // The full stop of a sentence may be part of the match.
                String expression = text.stripTrailing();
                expression = expression.endsWith(".") ? expression.substring(0, expression.length() - 1) : expression;
                return new Extraction(LatexParser.parse(expression, false), text);
            } catch (IllegalArgumentException e) {
                return new Extraction(null, text);
            }
        }
        String whole = first(match, "thousands", "whole", "plain").replace(",", "").replace(" ", "");
        String part = first(match, "rest", "part", "point").replace(',', '.');
        String text = (whole.isEmpty() ? "0" : whole) + part;
        Fraction value = Fraction.of(new BigDecimal(text));
        return new Extraction(
                new MathValue.Scalar(new Expression.Number(value, !part.isEmpty())), text);
    }

    private static String first(Matcher match, String... groups) {
        for (String group : groups) {
            String value = group(match, group);
            if (value != null) {
                return value;
            }
        }
        return "";
    }

    private static String group(Matcher match, String name) {
        return match.pattern().namedGroups().containsKey(name) ? match.group(name) : null;
    }

    /** One to six formulas joined by commas, "and" or "or". */
    private static final class Formulas {
        private final List<String> contents = new ArrayList<>();
        private int end;

        Candidate candidate(int priority, int start, int candidateEnd) {
            return new Candidate(priority, start, candidateEnd, List.copyOf(contents), false, null);
        }

        static Formulas at(String text, int position) {
            return at(text, position, false);
        }

        static Formulas boxedAt(String text, int position) {
            return at(text, position, true);
        }

        private static Formulas at(String text, int position, boolean boxed) {
            LatexFormula first = LatexFormula.at(text, position, boxed);
            if (first == null) {
                return null;
            }
            Formulas formulas = new Formulas();
            formulas.contents.add(first.content());
            formulas.end = first.end();
            while (formulas.contents.size() < MAXIMUM_FORMULAS) {
                Matcher joint = JOINT.matcher(text).region(formulas.end, text.length());
                LatexFormula next = joint.lookingAt() ? LatexFormula.at(text, joint.end(), boxed) : null;
                if (next == null) {
                    break;
                }
                formulas.contents.add(next.content());
                formulas.end = next.end();
            }
            return formulas;
        }
    }
}
