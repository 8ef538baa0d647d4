package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.evaluation.inference.CompletionsServer;
import io.amalgam.evaluation.inference.CompletionsServer.Ability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code evaluate --endpoint} against a server on loopback that runs a sample model. */
class EvaluateEndpointTest {
    private static final String MODEL = "../samples/models/navigation-expert";
    private static final String DATA = "../samples/benchmark";

    @TempDir
    Path folder;

    @BeforeEach
    void nothingOutsideTheTemporaryFolder() {
        System.setProperty("amalgam.home", folder.toString());
    }

    @Test
    void aModelBehindAnEndpointScoresAsItDoesHere() throws IOException {
        Path remote = folder.resolve("remote.json");
        Path local = folder.resolve("local.json");
        String[] common = {"evaluate", MODEL, "--tasks", "navigation", "--limit", "12", "--data", DATA};
        CommandRun here = CommandRun.of(with(common, "--output", local.toString()));
        assertEquals(0, here.status(), here.err());
        try (CompletionsServer server = new CompletionsServer(Path.of(MODEL), Ability.ECHO)) {
            CommandRun there = CommandRun.of(with(
                    common, "--output", remote.toString(), "--endpoint", server.base().toString(), "--endpoint-model",
                    "sample"));
            assertEquals(0, there.status(), there.err());
        }
        assertEquals(score(local), score(remote));
        assertFalse(
                new ObjectMapper().readTree(remote.toFile()).at("/amalgam/engine").textValue().startsWith("amalgam/"),
                "the score says that somebody else computed");
    }

    @Test
    void anEndpointThatCannotScoreIsRefused() throws IOException {
        try (CompletionsServer server = new CompletionsServer(Path.of(MODEL), Ability.GENERATED_ONLY)) {
            CommandRun run = CommandRun.of("evaluate", MODEL, "--tasks", "navigation", "--data", DATA, "--endpoint",
                    server.base().toString());
            assertEquals(1, run.status());
            assertTrue(run.err().contains("error[ENDPOINT_UNSUITABLE]"), run.err());
        }
    }

    private static JsonNode score(Path results) throws IOException {
        assertTrue(Files.exists(results));
        return new ObjectMapper().readTree(results.toFile()).at("/results/navigation/acc_norm,none");
    }

    private static String[] with(String[] arguments, String... more) {
        String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return all;
    }
}
