package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Evaluates a sample model on the sample benchmark, whose scores by transformers its README gives. */
class EvaluateSamplesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MODEL = "../samples/models/navigation-expert";
    private static final String BASE = "../samples/models/base";

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void nothingOutsideTheTemporaryFolder() {
        System.setProperty("amalgam.home", folder.toString());
    }

    @Test
    void scoresAreThoseOfTheReadmeAndTheComparisonIsPaired() throws IOException {
        Path file = folder.resolve("results.json");
        assertEquals(
                0,
                run("evaluate", MODEL, "--tasks", "navigation,ordering", "--data", "../samples/benchmark", "--compare-to",
                        BASE, "--output", file.toString()),
                err.toString());
        JsonNode results = JSON.readTree(file.toFile());
        assertEquals(0.835, results.at("/results/navigation/acc_norm,none").doubleValue(), 1e-9);
        assertEquals(0.400, results.at("/results/ordering/acc_norm,none").doubleValue(), 1e-9);
        assertEquals(
                Math.sqrt(0.835 * 0.165 / 199),
                results.at("/results/navigation/acc_norm_stderr,none").doubleValue(), 1e-9);
        assertEquals(200, results.at("/n-samples/navigation/effective").intValue());
        JsonNode comparison = results.path("amalgam").path("comparisons").path(BASE).get(0);
        assertEquals(0.835 - 0.605, comparison.get("difference").doubleValue(), 1e-9);
        assertEquals("BETTER", comparison.get("verdict").textValue());
        assertTrue(out.toString().contains("not distinguishable"), out.toString());
    }

    @Test
    void aLimitedRunHasNoAverageAndItsAnswersAreRemembered() throws IOException {
        Path results = folder.resolve("out");
        for (int time = 0; time < 2; time++) {
            assertEquals(
                    0,
                    run("evaluate", "--model_args", "pretrained=" + BASE, "--tasks", "navigation,web_of_lies", "--limit",
                            "0.05", "--data", "../samples/benchmark", "--output_path", results.toString(),
                            "--log_samples"),
                    err.toString());
        }
        assertTrue(out.toString().contains("10 of 200"), out.toString());
        assertTrue(out.toString().contains("no average"), out.toString());
        assertFalse(out.toString().contains("average (unweighted)"), out.toString());
        try (Stream<Path> caches = Files.list(folder.resolve(".amalgam/answers"))) {
            List<Path> files = caches.toList();
            assertEquals(1, files.size());
            assertEquals(20, Files.readAllLines(files.getFirst()).size());
        }
        Path model = results.resolve("..__samples__models__base");
        try (Stream<Path> files = Files.list(model)) {
            Path samples = files.filter(file -> file.getFileName().toString().startsWith("samples_navigation_"))
                    .findFirst().orElseThrow();
            JsonNode sample = JSON.readTree(Files.readAllLines(samples).getFirst());
            assertEquals(0, sample.get("doc_id").intValue());
            assertEquals(" No", sample.at("/arguments/gen_args_0/arg_1").textValue());
            assertTrue(sample.at("/arguments/gen_args_0/arg_0").textValue().startsWith("Q: Always face forward."));
            assertEquals(2, sample.get("resps").size());
        }
    }

    private int run(String... arguments) {
        CommandLine commandLine = AmalgamCommand.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        return commandLine.execute(arguments);
    }
}
