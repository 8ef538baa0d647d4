package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.source.HubModelSource;
import io.amalgam.engine.source.HubOptions;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.task.GenerationArguments;
import io.amalgam.evaluation.task.TaskCatalog;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What fails is named, and takes nothing else with it; what is read is left as it was. */
class EvaluateFailuresTest {
    private static final Path BASE = Path.of("../samples/models/base");
    private static final Path SAMPLES = Path.of("../samples/benchmark");

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void dataOfItsOwn() throws IOException {
        System.setProperty("amalgam.home", folder.toString());
        data = folder.resolve("data");
        copy(SAMPLES, data);
        Files.writeString(data.resolve("spoken.yaml"), "version: 1\noutput: generation\nquestion: \"{question}\"\n"
                + "answer: answer\npattern: \"(\\\\w+)\"\nmax_new_tokens: 3\n");
        Files.writeString(data.resolve("spoken.jsonl"), "{\"question\": \"Q: True is\\nA:\", \"answer\": \"True\"}\n");
    }

    @Test
    void aTaskWhoseDataAreDamagedDoesNotEndTheOthers() throws IOException {
        Files.writeString(data.resolve("ordering.jsonl"), "{\"question\": ");
        Path results = folder.resolve("results.json");
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "ordering,navigation", "--limit", 5, "--data", data,
                "--output", results);
        assertEquals(1, run.status());
        assertTrue(run.err().contains("error[BENCHMARK_DATA] Task ordering: "), run.err());
        assertTrue(run.out().contains("navigation"), run.out());
        JsonNode document = new ObjectMapper().readTree(results.toFile());
        assertTrue(document.at("/results/navigation/acc_norm,none").isNumber());
        assertTrue(document.at("/amalgam/failures/ordering").textValue().contains("ordering.jsonl"));
    }

    @Test
    void aTaskThatTheModelCannotAnswerDoesNotEndTheOthers() throws IOException {
        Path model = folder.resolve("beams");
        copy(BASE, model);
        Files.writeString(model.resolve("generation_config.json"), "{\"num_beams\": 4}");
        CommandRun run = CommandRun.of(
                "evaluate", model, "--tasks", "spoken,navigation", "--limit", 5, "--data", data, "--compare-to", BASE);
        assertEquals(1, run.status());
        assertTrue(run.err().contains("error[INFERENCE_UNSUPPORTED] Task spoken"), run.err());
        assertTrue(run.err().contains("num_beams"), run.err());
        assertTrue(run.out().contains("compared with"), run.out());
        assertTrue(run.out().contains("navigation"), run.out());
    }

    @Test
    void aModelToCompareWithThatIsNotThereLeavesTheFirstOnesScores() {
        Path results = folder.resolve("results.json");
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "navigation", "--limit", 5, "--data", data, "--output",
                results, "--compare-to", folder.resolve("nowhere"));
        assertEquals(1, run.status());
        assertTrue(run.err().contains("error[MODEL_NOT_FOUND]"), run.err());
        assertTrue(Files.exists(results));
    }

    @Test
    void answersAreGeneratedAsAskedFor() throws IOException {
        Path results = folder.resolve("out");
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "spoken", "--data", data, "--gen_kwargs",
                "max_gen_toks=1,do_sample=False", "--output_path", results, "--log_samples");
        assertEquals(0, run.status(), run.err());
        try (Stream<Path> files = Files.walk(results)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                JsonNode document = new ObjectMapper().readTree(Files.readAllLines(file).size() == 1
                        ? Files.readAllLines(file).getFirst() : Files.readString(file));
                if (document.has("config")) {
                    assertEquals("max_gen_toks=1,do_sample=False", document.at("/config/gen_kwargs").textValue());
                } else {
                    assertEquals(1, document.at("/arguments/gen_args_0/arg_1/max_gen_toks").intValue());
                }
            }
        }
        CommandRun refused = CommandRun.of(
                "evaluate", BASE, "--tasks", "spoken", "--data", data, "--gen_kwargs", "temperature=0.7");
        assertEquals(1, refused.status());
        assertTrue(refused.err().contains("greedy"), refused.err());
    }

    @Test
    void keysAndValuesInHalfTheMemoryAreAnotherEngineToWhoeverRemembersAnswers() throws IOException {
        Path results = folder.resolve("half.json");
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "navigation", "--limit", 5, "--data", data,
                "--kv-cache", "bfloat16", "--output", results);
        assertEquals(0, run.status(), run.err());
        assertTrue(new ObjectMapper().readTree(results.toFile()).at("/amalgam/engine").textValue()
                .contains("keys and values bfloat16"));
        assertEquals(2, CommandRun.of("evaluate", BASE, "--tasks", "navigation", "--kv-cache", "int8").status());
    }

    @Test
    void theBestOfSeveralOthersIsNamed() {
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "navigation", "--limit", 20, "--data", data,
                "--compare-to", BASE.resolveSibling("navigation-expert"), "--compare-to",
                BASE.resolveSibling("ordering-expert"));
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains("The best of the others is "), run.out());
    }

    @Test
    void aContextThatDoesNotFitIsCutCountedAndShown() {
        CommandRun run = CommandRun.of("evaluate", BASE, "--tasks", "navigation", "--limit", 5, "--data", data,
                "--model_args", "max_length=8");
        assertEquals(0, run.status(), run.err());
        assertTrue(run.out().contains(
                "navigation: 5 prompts did not fit into the model's context and lost their beginning"), run.out());
    }

    @Test
    void aModelOfTheHubIsEvaluatedAtTheRevisionThatIsNamed() throws IOException {
        String commit = "0123456789012345678901234567890123456789";
        Path repository = folder.resolve("hub/models--someone--base");
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/v1"), commit);
        copy(BASE, repository.resolve("snapshots").resolve(commit));
        HubOptions offline = new HubOptions(
                URI.create("http://localhost:1"), folder.resolve("hub"), null, true, 1, Duration.ofMillis(1),
                Duration.ofSeconds(1));
        ModelEvaluation evaluation = new ModelEvaluation(
                new ModelSources(new LocalModelSource(folder, false), new HubModelSource(offline)),
                new ModelEvaluation.Settings(InferenceOptions.DEFAULT, Optional.empty(), false, false,
                        GenerationArguments.NONE, 5.0, Optional.empty()));
        ModelEvaluation.Outcome outcome = evaluation.evaluate(
                "someone/base@v1", List.of(TaskCatalog.open(List.of(data)).find("navigation")));
        assertEquals("hf:someone/base@" + commit, outcome.run().modelIdentity());
        assertEquals(5, outcome.tasks().getFirst().score().questions());
    }

    @Test
    void nothingIsWrittenIntoTheFolderOfData() throws IOException {
        Map<String, String> before = contents();
        CommandRun.of("benchmarks", "list", "--data", data);
        CommandRun.of("benchmarks", "verify", "--data", data);
        assertEquals(0, CommandRun.of("evaluate", BASE, "--tasks", "navigation,spoken", "--limit", 3, "--data", data,
                "--output_path", folder.resolve("out"), "--log_samples").status());
        assertEquals(before, contents());
        assertFalse(before.isEmpty());
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(data.relativize(file).toString(),
                        Files.getLastModifiedTime(file) + " " + Files.readString(file).hashCode());
            }
        }
        return contents;
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
    }
}
