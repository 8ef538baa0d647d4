package io.amalgam.evaluation.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.data.BenchmarkFixtures;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.score.math.MathEquivalence;
import io.amalgam.evaluation.score.math.MinervaNormalizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Compares with what math_verify 0.9.0 and Minerva's metric in lm-evaluation-harness 0.4.13 say. */
class MathEquivalenceTest {

    @Test
    void candidatesAreJudgedAsByMathVerifyAndEveryDisagreementIsListed() throws Exception {
        List<String> disagreements = new ArrayList<>();
        List<ObjectNode> rows = BenchmarkFixtures.rows("golden_math_scoring.jsonl");
        for (ObjectNode row : rows) {
            boolean expected = row.get("exact_match").intValue() == 1;
            boolean verdict = MathEquivalence.verify(
                    row.get("gold_solution").textValue(), row.get("candidate").textValue());
            if (verdict != expected) {
                disagreements.add(row.get("gold_answer") + " and " + row.get("candidate") + ": " + verdict);
            }
        }
        assertEquals(List.of(), disagreements);
    }

    @Test
    void everyGoldAnswerIsJudgedAsByMathVerifyAndEveryDisagreementIsListed() throws Exception {
        BenchmarkFolder data = new BenchmarkFolder(BenchmarkFixtures.folder());
        List<String> disagreements = new ArrayList<>();
        Map<String, List<ObjectNode>> questions = new HashMap<>();
        int judged = 0;
        for (ObjectNode row : BenchmarkFixtures.rows("golden_math_gold_answers.jsonl")) {
            String file = row.get("file").textValue();
            String solution = questions.computeIfAbsent(file, name -> data.readLines("math_hard/" + name))
                    .get(row.get("row").intValue()).get("solution").textValue();
            String stated = "Final Answer: The final answer is $" + row.get("gold_answer").textValue()
                    + "$. I hope it is correct.";
            judged += 2;
            if (MathEquivalence.verify(solution, stated)
                    != (row.get("exact_match_of_gold_as_final_answer").intValue() == 1)) {
                disagreements.add(file + " " + row.get("row") + " stated: " + row.get("gold_answer"));
            }
            if (MathEquivalence.verify(solution, solution) != row.get("verify_vs_full_solution").booleanValue()) {
                disagreements.add(file + " " + row.get("row") + " solution: " + row.get("gold_answer"));
            }
        }
        System.out.println("math_verify: " + (judged - disagreements.size()) + " of " + judged + " agree");
        disagreements.forEach(System.out::println);
        assertTrue(disagreements.size() <= judged / 50, disagreements.size() + " of " + judged + " disagree");
    }

    @Test
    void minervasMetricAgreesOnEveryFixture() throws Exception {
        MinervaNormalizer normalizer = new MinervaNormalizer(new BenchmarkFolder(BenchmarkFixtures.folder())
                .readJson("math_hard/_minerva_normalisation_tables.json"));
        for (ObjectNode row : BenchmarkFixtures.rows("golden_math_scoring.jsonl")) {
            String extracted = MinervaNormalizer.extract(row.get("candidate").textValue());
            assertEquals(
                    row.get("exact_match_original").intValue() == 1,
                    normalizer.equivalent(row.get("gold_answer").textValue(), extracted), row::toString);
        }
    }

    @Test
    void meaningCountsNotSpelling() {
        assertEqual("\\frac{1}{2}", "0.5");
        assertEqual("6\\sqrt{2}", "\\sqrt{72}");
        assertEqual("x^2+2x+1", "(x+1)^2");
        assertEqual("\\frac{x^2-1}{x-1}", "x+1");
        assertEqual("5\\frac12", "5.5");
        assertEqual("1,2", "2,1");
        assertEqual("3 \\pm \\sqrt 2", "3-\\sqrt2,3+\\sqrt2");
        assertEqual("(-\\infty,1)\\cup(2,\\infty)", "(2,\\infty)\\cup(-\\infty,1)");
        assertEqual("1<x<2", "(1,2)");
        assertEqual("x\\le3", "3\\ge x");
        assertEqual("\\text{Monday}", "Monday");
        assertEqual("\\binom{5}{2}", "10");
        assertEqual("\\log_2 8", "3");
        assertEqual("2^{100}", "1267650600228229401496703205376");
    }

    @Test
    void whatDiffersIsNotEqual() {
        assertDifferent("[2,5)", "(2,5)");
        assertDifferent("(1,2)", "(2,1)");
        assertDifferent("0.333", "\\frac{1}{3}");
        assertDifferent("x=5", "y=5");
        assertDifferent("\\sqrt{x^2}", "x");
        assertDifferent("x+1", "y+1");
        assertDifferent("2^{100}", "1267650600228229401496703205377");
        assertDifferent("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}");
        assertDifferent("A", "B");
    }

    @Test
    void hostileAnswersNeitherStopNorFailTheScorer() {
        for (String answer : List.of(
                "(".repeat(5_000), "9^{9^{9^9}}", "100000!", "\\frac{1}{0}", "\\frac", "{", "}", "\\begin{pmatrix}",
                "1".repeat(1_900), "$".repeat(1_000), "2^{-999999999}", "\\sqrt[0]{5}", "|".repeat(500), "0^{-1}",
                "\\boxed{".repeat(300), "_", "x_", "\\left", "\\")) {
            assertFalse(verify("7", answer), answer);
        }
    }

    private static void assertEqual(String gold, String answer) {
        assertTrue(verify(gold, answer), gold + " and " + answer);
    }

    private static void assertDifferent(String gold, String answer) {
        assertFalse(verify(gold, answer), gold + " and " + answer);
    }

    private static boolean verify(String gold, String answer) {
        return MathEquivalence.verify(
                "So it is $\\boxed{" + gold + "}$.",
                "Final Answer: The final answer is $" + answer + "$. I hope it is correct.");
    }
}
