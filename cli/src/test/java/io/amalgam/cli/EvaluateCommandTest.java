package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class EvaluateCommandTest {
    private static final String BENCHMARK = "../samples/benchmark";

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeEach
    void nothingOutsideTheTemporaryFolder() {
        System.setProperty("amalgam.home", folder.toString());
    }

    @Test
    void anUnknownTaskIsRefusedWithTheNearestName() {
        assertEquals(1, run("evaluate", "model", "--tasks", "navigaton", "--data", BENCHMARK));
        assertTrue(err.toString().contains("error[TASK_UNKNOWN]"), err.toString());
        assertTrue(err.toString().contains("\"navigation\""), err.toString());
        assertFalse(err.toString().contains("\tat "));
    }

    @Test
    void dataThatAreNotThereAreNamedWithTheRemedy() {
        assertEquals(1, run("evaluate", "model", "--tasks", "leaderboard_bbh_navigate", "--data", BENCHMARK));
        assertTrue(err.toString().contains("error[BENCHMARK_DATA]"), err.toString());
        assertTrue(err.toString().contains("benchmarks fetch"), err.toString());

        assertEquals(1, run("evaluate", "model", "--tasks", "navigation", "--data", folder.resolve("no").toString()));
        assertTrue(err.toString().contains("does not exist"), err.toString());
    }

    @Test
    void aModelThatDoesNotExistOrIsNotNamedOrNamedTwiceIsRefused() {
        assertEquals(1, run("evaluate", folder.resolve("no").toString(), "--tasks", "navigation", "--data", BENCHMARK));
        assertTrue(err.toString().contains("error[MODEL_NOT_FOUND]"), err.toString());

        assertEquals(1, run("evaluate", "--tasks", "navigation", "--data", BENCHMARK));
        assertTrue(err.toString().contains("No model is named"), err.toString());

        assertEquals(
                1, run("evaluate", "a", "--model_args", "pretrained=b", "--tasks", "navigation", "--data", BENCHMARK));
        assertTrue(err.toString().contains("Two models are named"), err.toString());
    }

    private int run(String... arguments) {
        err.getBuffer().setLength(0);
        CommandLine commandLine = AmalgamCommand.commandLine();
        commandLine.setOut(new PrintWriter(out));
        commandLine.setErr(new PrintWriter(err));
        return commandLine.execute(arguments);
    }
}
