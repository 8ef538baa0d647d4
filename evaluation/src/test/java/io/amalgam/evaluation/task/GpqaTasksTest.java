package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.data.BenchmarkFolder;
import io.amalgam.evaluation.data.BenchmarkVerifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import net.lingala.zip4j.ZipFile;
import net.lingala.zip4j.model.ZipParameters;
import net.lingala.zip4j.model.enums.EncryptionMethod;
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
    void theAuthorsArchiveIsReadAsItIs() throws IOException {
        BenchmarkTask plain = TaskCatalog.open(List.of(folder)).find("leaderboard_gpqa_diamond");
        Path zipped = folder.resolve("zipped");
        archive(zipped, "deserted-untie-orchid");
        BenchmarkTask task = TaskCatalog.open(List.of(zipped)).find("leaderboard_gpqa_diamond");
        assertEquals(plain.digest(), task.digest());
        assertEquals(plain.question(7), task.question(7));
        try (Stream<Path> files = Files.walk(zipped)) {
            assertEquals(List.of("dataset.zip"), files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString()).toList(), "nothing is unpacked to disk");
        }
        assertTrue(new BenchmarkVerifier(new BenchmarkFolder(zipped)).verify().stream()
                .anyMatch(finding -> finding.path().equals("gpqa/gpqa_diamond.csv") && finding.rows() == 200));

        AmalgamException missing = assertThrows(AmalgamException.class,
                () -> TaskCatalog.open(List.of(zipped)).find("leaderboard_gpqa_main"));
        assertEquals(ErrorCode.BENCHMARK_DATA, missing.code());
        assertTrue(missing.getMessage().contains("gpqa_main.csv"), missing.getMessage());
    }

    @Test
    void anArchiveThatIsNotTheAuthorsIsRefused() throws IOException {
        Path zipped = folder.resolve("zipped");
        archive(zipped, "another password");
        AmalgamException refusal = assertThrows(AmalgamException.class,
                () -> TaskCatalog.open(List.of(zipped)).find("leaderboard_gpqa_diamond"));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        assertTrue(refusal.getMessage().contains("password"), refusal.getMessage());
        Files.writeString(zipped.resolve("gpqa/dataset.zip"), "no archive");
        refusal = assertThrows(AmalgamException.class,
                () -> TaskCatalog.open(List.of(zipped)).find("leaderboard_gpqa_diamond"));
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
    }

    /** Packs the plain data as the authors of GPQA pack theirs. */
    private void archive(Path target, String password) throws IOException {
        Files.createDirectories(target.resolve("gpqa"));
        ZipParameters parameters = new ZipParameters();
        parameters.setEncryptFiles(true);
        parameters.setEncryptionMethod(EncryptionMethod.ZIP_STANDARD);
        parameters.setFileNameInZip("dataset/gpqa_diamond.csv");
        try (ZipFile archive = new ZipFile(target.resolve("gpqa/dataset.zip").toFile(), password.toCharArray())) {
            archive.addFile(folder.resolve("gpqa/gpqa_diamond.csv").toFile(), parameters);
        }
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
