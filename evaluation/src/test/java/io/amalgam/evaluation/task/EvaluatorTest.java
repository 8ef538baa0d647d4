package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.score.TaskScore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
    private static final Path SAMPLES = Path.of("../samples/benchmark");

    @TempDir
    Path folder;

    @Test
    void theSampleBenchmarkHasItsFiveTasksWithTheirPrompts() {
        TaskCatalog catalog = TaskCatalog.open(List.of(SAMPLES));
        assertTrue(catalog.names().containsAll(
                List.of("boolean_expressions", "navigation", "object_counting", "ordering", "web_of_lies")));
        BenchmarkTask task = catalog.find("object_counting");
        assertEquals(200, task.size());
        assertEquals("acc_norm", task.primaryMetric());
        assertEquals(1.0 / 9, task.chance(), 1e-12);
        Evaluator.AskedQuestion asked = new Evaluator().ask(task.question(0));
        assertEquals(
                "Q: I have three flutes, two peachs, a table and two oranges. How many objects do I have?\nA:",
                asked.context());
        assertEquals(" 2", asked.continuations().getFirst());
        assertEquals(9, asked.continuations().size());
    }

    @Test
    void normalisedAccuracyDividesByCodePointsAndTiesGoToTheFirstChoice() {
        Answer.Choices answer = new Answer.Choices(List.of(-3.0, -2.0, -2.0), List.of(false, false, false));
        assertEquals(1, answer.mostLikely());
        // Per character: -1, -2, -2; an emoji is one character although Java counts two units.
        assertEquals(0, answer.mostLikelyByCharacter(List.of("abc", "x", "\uD83D\uDE00")));
        Answer.Choices even = new Answer.Choices(List.of(-2.0, -2.0), List.of(false, false));
        assertEquals(0, even.mostLikely());
        assertEquals(0, even.mostLikelyByCharacter(List.of("ab", "cd")));
    }

    @Test
    void aModelThatKnowsTheAnswersScoresOneAndOneThatPrefersTheFirstChoiceTheConstantShare() {
        BenchmarkTask task = TaskCatalog.open(List.of(SAMPLES)).find("navigation");
        TaskScore oracle = TaskScore.aggregate(task, evaluate(oracle(task), task, AnswerCache.NONE));
        assertEquals(1.0, oracle.primary().value());
        assertEquals(200, oracle.primary().count());
        assertFalse(oracle.limited());
        assertTrue(oracle.distinguishableFromChance());

        FunctionModel constant = new FunctionModel(
                request -> request.continuation().equals(" No") ? -1 : -100, request -> "");
        TaskScore first = TaskScore.aggregate(task, evaluate(constant, task, AnswerCache.NONE));
        assertTrue(first.primary().value() <= task.bestConstantAnswer());
        assertTrue(Math.max(first.primary().value(), 1 - first.primary().value()) == task.bestConstantAnswer());
    }

    @Test
    void resultsAreReadBackAsTheyWereWrittenAndCanBeJudgedAgain() {
        BenchmarkTask task = TaskCatalog.open(List.of(SAMPLES)).find("ordering");
        List<QuestionResult> results = evaluate(oracle(task), task, AnswerCache.NONE);
        for (QuestionResult result : results) {
            QuestionResult read = QuestionResult.parse(result.toJson());
            assertEquals(result, read);
            assertEquals(result, read.judgeAgain(task));
        }
    }

    @Test
    void aKilledEvaluationGoesOnWhereItWasEvenIfItsLastLineWasCutOff() throws Exception {
        BenchmarkTask task = TaskCatalog.open(List.of(SAMPLES)).find("web_of_lies");
        AnswerCache.Scope scope = new AnswerCache.Scope("w", "t", "plain", oracle(task).fingerprint());
        FunctionModel first = oracle(task);
        try (FileAnswerCache cache = FileAnswerCache.open(folder, scope)) {
            new Evaluator(PromptFormat.plain(), cache).run(first, task, 0, 50, result -> { });
        }
        assertEquals(100, first.answered);
        Path file = folder.resolve(scope.digest() + ".jsonl");
        Files.writeString(file, "{\"request\":\"abc\",\"logLike", StandardOpenOption.APPEND);

        FunctionModel second = oracle(task);
        List<QuestionResult> results;
        try (FileAnswerCache cache = FileAnswerCache.open(folder, scope)) {
            results = evaluate(second, task, cache);
        }
        assertEquals(300, second.answered);
        FunctionModel third = oracle(task);
        try (FileAnswerCache cache = FileAnswerCache.open(folder, scope)) {
            assertEquals(results, evaluate(third, task, cache));
        }
        assertEquals(0, third.answered);
    }

    @Test
    void anotherModelsAnswersAreNeverFound() {
        var fingerprint = new FunctionModel(request -> 0, request -> "").fingerprint();
        List<String> digests = List.of(
                new AnswerCache.Scope("weights", "tokenizer", "plain", fingerprint).digest(),
                new AnswerCache.Scope("other weights", "tokenizer", "plain", fingerprint).digest(),
                new AnswerCache.Scope("weights", "other tokenizer", "plain", fingerprint).digest(),
                new AnswerCache.Scope("weights", "tokenizer", "chat:1", fingerprint).digest(),
                // The same characters, divided otherwise.
                new AnswerCache.Scope("weightst", "okenizer", "plain", fingerprint).digest());
        assertEquals(digests.size(), digests.stream().distinct().count());
    }

    @Test
    void cancellationStopsBeforeTheNextBatch() {
        BenchmarkTask task = TaskCatalog.open(List.of(SAMPLES)).find("navigation");
        FunctionModel model = oracle(task);
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> new Evaluator().run(
                model, task, 0, task.size(), new Evaluator.Sink() {
                    @Override
                    public void accept(QuestionResult result) {
                        throw new AssertionError("nothing is answered after a cancellation");
                    }

                    @Override
                    public boolean cancelled() {
                        return true;
                    }
                }));
        assertEquals(ErrorCode.CANCELLED, refusal.code());
        assertEquals(0, model.answered);
    }

    @Test
    void anUnknownTaskIsRefusedWithTheNearestName() {
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> TaskCatalog.open(List.of(SAMPLES)).find("boolean_expression"));
        assertEquals(ErrorCode.TASK_UNKNOWN, refusal.code());
        assertTrue(refusal.getMessage().contains("\"boolean_expressions\""), refusal.getMessage());
    }

    static FunctionModel oracle(BenchmarkTask task) {
        Map<String, String> golds = new HashMap<>();
        for (int index = 0; index < task.size(); index++) {
            Question question = task.question(index);
            golds.put(question.prompt().plainText(), question.target());
        }
        return new FunctionModel(
                request -> right(golds, request) ? -1e-3 : -50,
                request -> golds.get(request.context()));
    }

    private static boolean right(Map<String, String> golds, LoglikelihoodRequest request) {
        return request.continuation().equals(" " + golds.get(request.context()));
    }

    static List<QuestionResult> evaluate(FunctionModel model, BenchmarkTask task, AnswerCache cache) {
        List<QuestionResult> results = new ArrayList<>();
        new Evaluator(PromptFormat.plain(), cache).run(model, task, 0, task.size(), results::add);
        return results;
    }
}
