package io.amalgam.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What a program that was run said.
 *
 * @param command what was run
 * @param status its exit status
 * @param output standard output and error together
 */
record Program(List<String> command, int status, String output) {

    private static final long LIMIT_SECONDS = 300;

    /** Whether a program is on the PATH. */
    static boolean isThere(String name) {
        return find(name).isPresent();
    }

    /** A program's file: on the PATH, or among the tools that the launcher built. */
    static Optional<Path> find(String name) {
        List<Path> folders = new ArrayList<>();
        String tools = System.getenv("AMALGAM_TOOLS");
        if (tools != null) {
            folders.add(Path.of(tools));
        }
        for (String folder : System.getenv("PATH").split(":")) {
            folders.add(Path.of(folder));
        }
        return folders.stream().map(folder -> folder.resolve(name)).filter(Files::isExecutable).findFirst();
    }

    /** Runs a program in a folder to its end. */
    static Program run(Path folder, String... command) throws IOException, InterruptedException {
        return run(folder, Map.of(), List.of(command));
    }

    /** Runs a program in a folder, with variables, to its end. */
    static Program run(Path folder, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile("program", ".out");
        try {
            ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                    .redirectOutput(output.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            process.getOutputStream().close();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            return new Program(command, process.exitValue(), Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /** Its output, if it succeeded; otherwise the test fails with all that it said. */
    String succeeds() {
        assertEquals(0, status, () -> command + " said\n" + output);
        return output;
    }

    /** Its output, if it failed. */
    String fails() {
        assertNotEquals(0, status, () -> command + " did not fail, but said\n" + output);
        return output;
    }

    /** Its output, if it failed and named the reason. */
    String failsWith(String reason) {
        String said = fails();
        assertTrue(said.contains(reason), () -> command + " does not say \"" + reason + "\" but\n" + output);
        return said;
    }
}
