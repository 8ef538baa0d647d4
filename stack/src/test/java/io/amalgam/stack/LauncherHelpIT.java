package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher's own commands say how they are used, and do nothing else when they are asked that. */
class LauncherHelpIT {

    private static final Duration LIMIT = Duration.ofMinutes(2);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"test", "build", "images", "bench", "fuzz", "generate", "demo", "up"})
    void aCommandSaysHowItIsUsed(String command) throws Exception {
        for (String[] question : new String[][] {{command, "--help"}, {command, "-h"}, {"help", command}}) {
            Launcher.Outcome outcome = Launcher.run(folder.resolve("output"), folder, LIMIT, question);
            assertEquals(0, outcome.status(), String.join(" ", question) + outcome.output());
            assertTrue(outcome.output().contains("Usage: amalgam " + command), outcome.output());
        }
    }
}
