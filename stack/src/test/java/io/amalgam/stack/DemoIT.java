package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./amalgam demo} and {@code up} as a newcomer meets them: real processes, and nothing left behind. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class DemoIT {
    private static final List<String> MODELS = List.of(
            "merged task-arithmetic", "merged model-stock", "merged ties", "merged slerp", "base   base",
            "parent object-counting-expert", "parent web-of-lies-expert", "parent ordering-expert");

    private Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "demo");
    }

    @Test
    void theDemoPrintsALeaderboardAndLeavesNoProcessAndNoFileOutsideTheProject() throws Exception {
        Instant begun = Instant.now();
        Path work = folder.resolve("work");
        Launcher.Outcome outcome = Launcher.run(folder.resolve("output"), Launcher.home(), Duration.ofMinutes(20),
                "demo", "--exit", "--work", work.toString());
        assertEquals(0, outcome.status(), outcome.output());
        for (String model : MODELS) {
            assertTrue(outcome.output().contains("\n" + model), () -> model + " in\n" + outcome.output());
        }
        for (String column : List.of("chance", "questions", "±", "average", "expressions", "http://127.0.0.1:")) {
            assertTrue(outcome.output().contains(column), () -> column + " in\n" + outcome.output());
        }
        // samples/README.md: the only merge above every parent, by .801; a question more or less at a tie.
        assertEquals(0.801, average(outcome.output(), "merged task-arithmetic"), 0.002);
        assertTrue(average(outcome.output(), "merged task-arithmetic")
                > average(outcome.output(), "parent navigation-expert"));
        for (int chunks : chunks(outcome.output())) {
            assertTrue(chunks >= 8, outcome.output());
        }
        assertEquals(List.of(), Launcher.processesOf(work), "processes are left");
        assertEquals(List.of(), newFilesOutside(begun), "files outside the project");
        assertTrue(Files.isRegularFile(artifact(outcome.output()).resolve("amalgam.json")));
    }

    @Test
    void nothingIsLeftWhenTheLauncherIsKilled() throws Exception {
        Path work = folder.resolve("work");
        Process launcher = Launcher.start(folder.resolve("output"), Launcher.home(), "up", "--work", work.toString());
        try {
            awaitReady(launcher);
            // Six programs, and PostgreSQL's own processes.
            List<ProcessHandle> processes = Launcher.processesOf(work);
            assertTrue(processes.size() >= 6);
            for (ProcessHandle process : processes) {
                String command = process.info().commandLine().orElse("");
                assertTrue(!command.contains("bin/java ")
                        || command.contains("-Djava.io.tmpdir=" + Launcher.home().resolve(".amalgam/tmp")), command);
            }
            launcher.destroyForcibly().waitFor();
            awaitNoProcess(work);
        } finally {
            launcher.destroyForcibly();
        }
    }

    @Test
    void theStackStopsInOrderWhenItIsToldTo() throws Exception {
        Path work = folder.resolve("work");
        Process launcher = Launcher.start(folder.resolve("output"), Launcher.home(), "up", "--work", work.toString());
        try {
            awaitReady(launcher);
            launcher.destroy();
            assertTrue(launcher.waitFor(120, TimeUnit.SECONDS), "it has not stopped");
            awaitNoProcess(work);
            assertTrue(Files.readString(work.resolve("logs/merge-worker-1.log")).contains("has drained"));
        } finally {
            launcher.destroyForcibly();
        }
    }

    private void awaitReady(Process launcher) throws IOException, InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(10).toNanos();
        while (!Files.readString(folder.resolve("output")).contains("Ctrl-C stops everything")) {
            assertTrue(launcher.isAlive() && System.nanoTime() < end, Files.readString(folder.resolve("output")));
            Thread.sleep(100);
        }
    }

    private static void awaitNoProcess(Path work) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(120).toNanos();
        while (!Launcher.processesOf(work).isEmpty()) {
            assertTrue(System.nanoTime() < end, () -> "still there: " + Launcher.processesOf(work).stream()
                    .map(process -> process.info().commandLine().orElse("?")).toList());
            Thread.sleep(100);
        }
    }

    private static double average(String output, String model) {
        Matcher matcher = Pattern.compile(Pattern.quote(model) + "\\s+(\\d\\.\\d{3})±").matcher(output);
        assertTrue(matcher.find(), output);
        return Double.parseDouble(matcher.group(1));
    }

    private static List<Integer> chunks(String output) {
        List<Integer> chunks = new ArrayList<>();
        Matcher matcher = Pattern.compile("merge completed, (\\d+) of (\\d+) chunks").matcher(output);
        while (matcher.find()) {
            assertEquals(matcher.group(2), matcher.group(1));
            chunks.add(Integer.parseInt(matcher.group(2)));
        }
        assertEquals(4, chunks.size(), output);
        return chunks;
    }

    private static Path artifact(String output) {
        Matcher matcher = Pattern.compile("Artifact +(\\S+)").matcher(output);
        assertTrue(matcher.find(), output);
        return Path.of(matcher.group(1));
    }

    /** The tokenizers' native code is unpacked into the home folder unless it is told otherwise. */
    private static List<Path> newFilesOutside(Instant since) throws IOException {
        Path unpacked = Path.of(System.getProperty("user.home"), ".djl.ai");
        if (!Files.isDirectory(unpacked)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(unpacked)) {
            return files.filter(file -> isNewer(file, since)).toList();
        }
    }

    private static boolean isNewer(Path file, Instant since) {
        try {
            return Files.getLastModifiedTime(file).compareTo(FileTime.from(since)) > 0;
        } catch (IOException gone) {
            return false;
        }
    }
}
