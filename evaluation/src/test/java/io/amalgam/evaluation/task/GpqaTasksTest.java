package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With questions of our own making: GPQA's must not be written down. */
class GpqaTasksTest {

    @TempDir
    Path folder;

    @BeforeEach
    void data() throws IOException {
        StringBuilder csv = new StringBuilder(
                "Record ID,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n");
        for (int index = 0; index < 200; index++) {
            csv.append("rec").append(index).append(",\"How much, is ").append(index).append("?\",right").append(index)
                    .append(" [note],  wrong  one ,two [title]end,three\n");
        }
        Files.createDirectories(folder.resolve("gpqa"));
        Files.writeString(folder.resolve("gpqa/gpqa_diamond.csv"), csv);
    }

    @Test
    void theQuestionIsAskedAsOnTheLeaderboardWithAnOrderOfItsOwn() {
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("leaderboard_gpqa_diamond");
        assertEquals(198, task.fullSize());
        assertEquals(0.25, task.chance());
        int[] golds = new int[4];
        for (int index = 0; index < task.size(); index++) {
            golds[task.question(index).gold()]++;
        }
        // Each place holds the right answer about as often: 50 of 200, give or take four standard deviations.
        for (int count : golds) {
            assertTrue(Math.abs(count - 50) < 25, "right answers at a place: " + count);
        }
        Question question = task.question(0);
        Evaluator.AskedQuestion asked = new Evaluator().ask(question);
        assertTrue(asked.context().startsWith(
                "What is the correct answer to this question:How much, is 0?\nChoices:\n(A) "), asked.context());
        assertTrue(asked.context().endsWith("\nAnswer: "), asked.context());
        assertTrue(asked.context().contains("right0 \n"), asked.context());
        assertTrue(asked.context().contains("wrong one\n"), asked.context());
        assertTrue(asked.context().contains("two. end\n"), asked.context());
        assertEquals(List.of(" (A)", " (B)", " (C)", " (D)"), asked.continuations());
        Question again = TaskCatalog.open(List.of(folder)).find("leaderboard_gpqa_diamond").question(0);
        assertEquals(question, again);
    }

    @Test
    void questionsAreNotWrittenDown() {
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("leaderboard_gpqa_diamond");
        QuestionResult result = EvaluatorTest.evaluate(EvaluatorTest.oracle(task), task, AnswerCache.NONE).getFirst();
        assertNull(result.prompt());
        assertFalse(result.toJson().contains("How much"), result.toJson());
        assertFalse(result.toJson().contains("right0"), result.toJson());
        assertEquals("rec0", result.id());
        assertEquals(result, QuestionResult.parse(result.toJson()).judgeAgain(task));
    }
}
