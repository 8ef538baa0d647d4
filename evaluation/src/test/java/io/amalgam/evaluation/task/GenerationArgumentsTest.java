package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.task.Question.Generation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --gen_kwargs} is read as lm-evaluation-harness reads it, and what cannot be obeyed is refused. */
class GenerationArgumentsTest {
    private static final Generation OWN = new Generation(List.of("\n\n", "Q:"), 256);

    @Test
    void pairsAndJsonChangeWhatTheyName() {
        assertEquals(OWN, GenerationArguments.parse(null).apply(OWN));
        assertEquals(new Generation(List.of("\n\n", "Q:"), 32), GenerationArguments.parse("max_gen_toks=32").apply(OWN));
        assertEquals(
                new Generation(List.of("###"), 256),
                GenerationArguments.parse("until=###,do_sample=False,temperature=0").apply(OWN));
        assertEquals(
                new Generation(List.of("a, b", "\n"), 7),
                GenerationArguments.parse("{\"until\": [\"a, b\", \"\\n\"], \"max_gen_toks\": 7, \"temperature\": 0.0}")
                        .apply(OWN));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "temperature=0.7 | greedy", "do_sample=true | greedy", "num_beams=4 | greedy", "colour=red | colour",
        "max_gen_toks=0 | at least 1", "max_gen_toks=many | at least 1", "32 | NAME=VALUE", "until= | empty"})
    void whatCannotBeObeyedIsRefusedByName(String text, String reason) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> GenerationArguments.parse(text));
        assertEquals(ErrorCode.ARGUMENT_INVALID, refusal.code());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "{\"until\": 3}", "{\"until\": [\"\"]}", "{} {}"})
    void malformedJsonIsRefused(String text) {
        assertEquals(
                ErrorCode.ARGUMENT_INVALID,
                assertThrows(AmalgamException.class, () -> GenerationArguments.parse(text)).code());
    }

    @Test
    void questionsAreAskedAndRememberedByIt() {
        Question question = Question.generation(0, "0", Prompt.of("", List.of(), "Q"), OWN, "answer", null);
        Evaluator as = new Evaluator();
        Evaluator changed = new Evaluator(
                PromptFormat.plain(), AnswerCache.NONE, GenerationArguments.parse("max_gen_toks=5"));
        assertEquals(5, changed.ask(question).question().generation().maximumNewTokens());
        assertNotEquals(as.ask(question).digest(), changed.ask(question).digest(), "another request, another answer");
        assertEquals(as.ask(question).context(), changed.ask(question).context());
    }
}
