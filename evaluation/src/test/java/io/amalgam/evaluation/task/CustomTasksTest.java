package io.amalgam.evaluation.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.score.TaskScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CustomTasksTest {

    @TempDir
    Path folder;

    @Test
    void multipleChoiceWithWorkedExamplesFixedChoicesAndCategories() throws IOException {
        write("colours.yaml", """
                description: "Name the colour.\\n"
                question: "{{{thing}}} is"
                choices: [red, green]
                answer: colour
                metric: acc
                shots: 1
                shots_data: examples.jsonl
                category: kind
                """);
        write("examples.jsonl", "{\"thing\":\"grass\",\"colour\":\"green\",\"kind\":\"plant\"}\n");
        write("colours.jsonl", "{\"thing\":\"blood\",\"colour\":\"red\",\"kind\":\"liquid\"}\n"
                + "{\"thing\":\"moss\",\"colour\":1,\"kind\":\"plant\"}\n");
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("colours");
        assertEquals(1, task.shots());
        assertEquals("acc", task.primaryMetric());
        Evaluator.AskedQuestion asked = new Evaluator().ask(task.question(0));
        assertEquals("Name the colour.\n{grass} is green\n\n{blood} is", asked.context());
        assertEquals(List.of(" red", " green"), asked.continuations());
        TaskScore score = TaskScore.aggregate(
                task, EvaluatorTest.evaluate(EvaluatorTest.oracle(task), task, AnswerCache.NONE));
        assertEquals(1.0, score.primary().value());
        assertEquals(List.of("liquid", "plant"), List.copyOf(score.categories().keySet()));
    }

    @Test
    void anExactMatchComparesTheWholeAnswer() throws IOException {
        write("sums.yaml", "output: exact_match\nquestion: \"{sum} =\"\nstop: [\"\\n\", \".\"]\nmax_new_tokens: 8\n");
        write("sums.jsonl", "{\"sum\":\"1 + 1\",\"answer\":2}\n{\"sum\":\"2 + 2\",\"answer\":\"4\"}\n");
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("sums");
        Question.Generation generation = task.question(0).generation();
        assertEquals(List.of("\n", "."), generation.stops());
        assertEquals(8, generation.maximumNewTokens());
        FunctionModel model = new FunctionModel(request -> 0, request -> " 2 ");
        TaskScore score = TaskScore.aggregate(task, EvaluatorTest.evaluate(model, task, AnswerCache.NONE));
        assertEquals(0.5, score.primary().value());
        assertEquals(0.5, task.bestConstantAnswer());
    }

    @Test
    void aPatternFindsTheAnswerInTheLastMatch() throws IOException {
        write("words.yaml", """
                output: generation
                question: "{question}"
                pattern: "answer is (\\\\w+)"
                ignore_case: true
                """);
        write("words.jsonl", "{\"question\":\"Who?\",\"answer\":\"Eve\"}\n");
        BenchmarkTask task = TaskCatalog.open(List.of(folder)).find("words");
        Question question = task.question(0);
        assertEquals(1, task.score(question, new Answer.Generated("The answer is Bob, no: the answer is EVE."))
                .mean("exact_match"));
        assertEquals(0, task.score(question, new Answer.Generated("the answer is Eve. The answer is Bob"))
                .mean("exact_match"));
        assertEquals(0, task.score(question, new Answer.Generated("Eve")).mean("exact_match"));
    }

    @Test
    void theDigestChangesWithDataDefinitionAndNumberOfExamples() throws IOException {
        write("t.yaml", "choices: [a, b]\n");
        write("t.jsonl", "{\"question\":\"q\",\"answer\":0}\n");
        String first = TaskCatalog.open(List.of(folder)).find("t").digest();
        assertEquals(first, TaskCatalog.open(List.of(folder)).find("t").digest());
        write("t.jsonl", "{\"question\":\"q\",\"answer\":1}\n");
        String second = TaskCatalog.open(List.of(folder)).find("t").digest();
        write("t.yaml", "choices: [a, c]\n");
        String third = TaskCatalog.open(List.of(folder)).find("t").digest();
        assertEquals(3, List.of(first, second, third).stream().distinct().count());
    }

    @Test
    void mistakesAreNamedWithFileAndRow() throws IOException {
        write("t.jsonl", "{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":0}\n");
        refused("t.yaml", "choice: choices\n", "unknown key \"choice\"", "\"choices\"");
        refused("t.yaml", "output: guess\n", "guess", "multiple_choice");
        refused("t.yaml", "question: \"{text}\"\n", "Row 0", "\"text\"");
        refused("t.yaml", "shots: 2\n", "shots_data");
        refused("t.yaml", "output: generation\n", "pattern");
        refused("t.yaml", "output: generation\npattern: \"(\"\n", "regular expression");
        refused("t.yaml", "- a\n", "not a mapping");
        refused("t.yaml", "a: [\n", "not YAML");
        refused("t.yaml", "data: ../t.jsonl\n", "outside");
        write("t.yaml", "version: 1\n");
        refused("t.jsonl", "{\"question\":\"q\",\"choices\":[\"a\",\"b\"],\"answer\":2}\n", "Row 0", "answer 2");
        refused("t.jsonl", "{\"question\":\"q\",\"choices\":[\"a\"],\"answer\":0}\n", "two or more choices");
        refused("t.jsonl", "{\"question\":\"q\"\n", "t.jsonl:1");
        refused("t.jsonl", "\n", "no rows");
    }

    private void refused(String file, String content, String... mentioned) throws IOException {
        write(file, content);
        AmalgamException refusal =
                assertThrows(AmalgamException.class, () -> TaskCatalog.open(List.of(folder)).find("t"), content);
        assertEquals(ErrorCode.BENCHMARK_DATA, refusal.code());
        for (String part : mentioned) {
            assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
        }
    }

    private void write(String file, String content) throws IOException {
        Files.writeString(folder.resolve(file), content);
    }
}
