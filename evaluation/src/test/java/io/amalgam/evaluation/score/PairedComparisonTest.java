package io.amalgam.evaluation.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.Verdict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairedComparisonTest {

    @Test
    void tenQuestionsWonAndNoneLostIsBetterFiveIsNotDistinguishable() {
        PairedComparison ten = compare(10, 0, 90);
        assertEquals(PairedComparison.Verdict.BETTER, ten.verdict());
        assertEquals(0.1, ten.difference(), 1e-12);
        // Exact two-sided probability of 10 : 0 is 2 / 2^10.
        assertEquals(2 / 1024.0, ten.probability(), 1e-12);
        assertEquals(0.9, ten.agreement(), 1e-12);

        PairedComparison five = compare(5, 0, 95);
        assertEquals(2 / 32.0, five.probability(), 1e-12);
        assertEquals(PairedComparison.Verdict.NOT_DISTINGUISHABLE, five.verdict());

        assertEquals(PairedComparison.Verdict.WORSE, compare(2, 20, 78).verdict());
    }

    @Test
    void theStandardErrorIsThatOfTheDifferencesAndSmallerThanThatOfSeparateScores() {
        PairedComparison comparison = compare(12, 4, 84);
        // Variance of the differences: (16 - 100 * 0.08^2) / 99.
        assertEquals(Math.sqrt((16 - 0.64) / 99 / 100), comparison.standardError(), 1e-12);
        assertEquals(comparison.difference() - 1.959963984540054 * comparison.standardError(), comparison.low(), 1e-12);
        double separate = Math.sqrt(2 * 0.25 / 99);
        assertTrue(comparison.standardError() < separate);
    }

    @Test
    void anEvenSplitAndNoDifferenceAtAllAreNotDistinguishable() {
        assertEquals(1.0, compare(7, 7, 10).probability(), 1e-12);
        PairedComparison equal = compare(0, 0, 10);
        assertEquals(PairedComparison.Verdict.NOT_DISTINGUISHABLE, equal.verdict());
        assertEquals(1.0, equal.agreement());
        assertNull(compare(1, 0, 0).standardError());
    }

    @Test
    void theAverageOverTasksCountsEveryTaskTheSame() {
        PairedComparison small = compare(5, 0, 5);
        PairedComparison large = compare(0, 0, 1000);
        PairedComparison average = PairedComparison.average("average", List.of(small, large));
        assertEquals(0.25, average.difference(), 1e-12);
        assertEquals(small.standardError() / 2, average.standardError(), 1e-12);
        assertEquals(1010, average.questions());
    }

    @Test
    void resultsOfDifferentDataAreNotCompared() {
        assertThrows(AmalgamException.class, () -> PairedComparison.of(
                "acc", List.of(result(0, true, "digest")), List.of(result(0, true, "other digest"))));
        assertThrows(AmalgamException.class, () -> PairedComparison.of(
                "acc", List.of(result(0, true, "digest")), List.of(result(1, true, "digest"))));
    }

    @Test
    void statisticsAgreeWithPublishedValues() {
        // Wilson for 5 of 10 (Newcombe 1998, table I): 0.2366 to 0.7634.
        Statistics.Interval interval = Statistics.wilson(0.5, 10);
        assertEquals(0.2366, interval.low(), 5e-5);
        assertEquals(0.7634, interval.high(), 5e-5);
        // The normal tail at familiar points.
        assertEquals(0.025, PairedComparison.normalTail(1.959963984540054), 1e-12);
        assertEquals(1.3498980316300946e-3, PairedComparison.normalTail(3), 1e-12);
        assertEquals(2.866515718791939e-7, PairedComparison.normalTail(5), 1e-15);
        // 8 of 10 right: sample deviation 0.42164, divided by the root of 10.
        List<Double> values = List.of(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0);
        assertEquals(0.13333333333333333, Statistics.standardError(values), 1e-12);
        // Equal tasks: pooling n = 10 twice gives sqrt(2 * 9 * 10 * se^2 / 18 / 20).
        assertEquals(
                0.13333333333333333 / Math.sqrt(2),
                Statistics.pooledStandardError(new double[] {0.13333333333333333, 0.13333333333333333}, new int[] {10, 10}),
                1e-12);
    }

    private static PairedComparison compare(int onlyFirst, int onlySecond, int both) {
        List<QuestionResult> first = new ArrayList<>();
        List<QuestionResult> second = new ArrayList<>();
        for (int index = 0; index < onlyFirst + onlySecond + both; index++) {
            first.add(result(index, index < onlyFirst || index >= onlyFirst + onlySecond, "digest"));
            second.add(result(index, index >= onlyFirst, "digest"));
        }
        return PairedComparison.of("acc", first, second);
    }

    private static QuestionResult result(int index, boolean right, String digest) {
        return new QuestionResult(
                "task", digest, index, Integer.toString(index), "prompt", "prompt", List.of("a", "b"), 0, "a", null,
                new Answer.Choices(right ? List.of(-1.0, -2.0) : List.of(-2.0, -1.0), List.of(false, false)),
                Verdict.of("acc", right, right ? "a" : "b"), false);
    }
}
