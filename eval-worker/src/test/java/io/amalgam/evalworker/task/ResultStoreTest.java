package io.amalgam.evalworker.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.evaluation.task.Answer;
import io.amalgam.evaluation.task.QuestionResult;
import io.amalgam.evaluation.task.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers are found again by model, task and data, and by nothing else. */
class ResultStoreTest {
    private static final String ENGINE = "amalgam/" + Version.AMALGAM + " weights=bfloat16 arithmetic=float32 length=512";
    private static final String DIGEST = "d".repeat(64);

    @TempDir
    Path folder;

    private ResultStore results;

    @BeforeEach
    void open() {
        results = new ResultStore(new FileSystemStore(folder));
    }

    private static List<QuestionResult> answers(int from, int count) {
        List<QuestionResult> answers = new ArrayList<>();
        for (int index = from; index < from + count; index++) {
            TreeMap<String, List<Double>> metrics = new TreeMap<>();
            metrics.put("acc_norm", List.of(index % 2 == 0 ? 1.0 : 0.0));
            answers.add(new QuestionResult("ordering", DIGEST, index, "q" + index, "p", "Q: … A:", List.of("a", "b"), 0,
                    "a", null, new Answer.Choices(List.of(-1.5, -2.25), List.of(true, false)), new Verdict(metrics, null),
                    false));
        }
        return answers;
    }

    @Test
    void answersComeBackAsTheyWere() {
        SliceResults written = new SliceResults(ENGINE, 200, answers(200, 30));
        results.write("local:base", "ordering", DIGEST, written);
        assertEquals(Optional.of(written), results.read("local:base", "ordering", DIGEST, 305));
        assertEquals(230, written.next());
    }

    @Test
    void anotherModelTaskDataOrSliceHasNone() {
        results.write("local:base", "ordering", DIGEST, new SliceResults(ENGINE, 0, answers(0, 3)));
        assertEquals(Optional.empty(), results.read("local:other", "ordering", DIGEST, 0));
        assertEquals(Optional.empty(), results.read("local:base", "counting", DIGEST, 0));
        assertEquals(Optional.empty(), results.read("local:base", "ordering", "e".repeat(64), 0));
        assertEquals(Optional.empty(), results.read("local:base", "ordering", DIGEST, 200));
    }

    @Test
    void answersOfAnotherEngineVersionAreAsGoodAsNone() {
        results.write("local:base", "ordering", DIGEST, new SliceResults("amalgam/0.0.1 weights=…", 0, answers(0, 3)));
        assertEquals(Optional.empty(), results.read("local:base", "ordering", DIGEST, 0));
    }

    @Test
    void aDocumentInTheWrongPlaceIsRefused() throws Exception {
        results.write("local:base", "ordering", DIGEST, new SliceResults(ENGINE, 0, answers(0, 3)));
        String from = ResultStore.location("local:base", "ordering", DIGEST, 0);
        String to = ResultStore.location("local:other", "ordering", DIGEST, 0);
        assertNotEquals(from, to);
        Files.createDirectories(folder.resolve(to).getParent());
        Files.copy(folder.resolve(from), folder.resolve(to));
        AmalgamException refused = assertThrows(AmalgamException.class,
                () -> results.read("local:other", "ordering", DIGEST, 0));
        assertEquals(ErrorCode.DIGEST_MISMATCH, refused.code());
    }

    @Test
    void aDamagedDocumentIsRefused() throws Exception {
        results.write("local:base", "ordering", DIGEST, new SliceResults(ENGINE, 0, answers(0, 3)));
        Path document = folder.resolve(ResultStore.location("local:base", "ordering", DIGEST, 0));
        List<String> lines = new ArrayList<>(Files.readAllLines(document));
        lines.remove(2);
        Files.write(document, lines);
        assertEquals(ErrorCode.DIGEST_MISMATCH, assertThrows(AmalgamException.class,
                () -> results.read("local:base", "ordering", DIGEST, 0)).code());
    }
}
