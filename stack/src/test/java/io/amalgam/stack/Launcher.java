package io.amalgam.stack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** Runs the project's own {@code ./amalgam}, as a user would, on what this build has built. */
final class Launcher {

    /** What a command came to. */
    record Outcome(int status, String output) {
    }

    private Launcher() {
    }

    /** The project's folder. */
    static Path home() {
        return Path.of("..").toAbsolutePath().normalize();
    }

    /** Starts a command in a folder; what it prints goes to a file. */
    static Process start(Path output, Path directory, String... arguments) throws IOException {
        return start(output, directory, Map.of(), arguments);
    }

    /** The same, with further variables. */
    static Process start(Path output, Path directory, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(home().resolve("amalgam").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(environment);
        builder.environment().put("AMALGAM_BUILD", "never");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }

    /** Runs a command to its end; it is killed if that takes too long. */
    static Outcome run(Path output, Path directory, Duration limit, String... arguments)
            throws IOException, InterruptedException {
        Process process = start(output, directory, arguments);
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly();
            throw new AssertionError(String.join(" ", arguments) + " took longer than " + limit + ":\n"
                    + Files.readString(output));
        }
        return new Outcome(process.exitValue(), Files.readString(output));
    }

    /** The processes of a stack, by name, as it lists them in its work folder. */
    static Map<String, ProcessHandle> processes(Path work) throws IOException {
        Map<String, ProcessHandle> processes = new TreeMap<>();
        Path list = work.resolve("processes");
        if (Files.exists(list)) {
            for (String line : Files.readAllLines(list)) {
                String[] parts = line.split(" ");
                ProcessHandle.of(Long.parseLong(parts[1])).ifPresent(process -> processes.put(parts[0], process));
            }
        }
        return processes;
    }

    /** Every process whose command line names a folder: those of a stack that works in it, children's children too. */
    static List<ProcessHandle> processesOf(Path work) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(work.toString()))
                .toList();
    }
}
