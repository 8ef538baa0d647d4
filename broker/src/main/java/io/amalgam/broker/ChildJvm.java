package io.amalgam.broker;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Java program as a child process that ends when this process ends, however it ends (see {@link ChildMain}).
 *
 * <p>Standard error goes to the log file, appended. A program may say that it is ready by a line that begins with
 * {@code ready } on standard output ({@link #awaitReady}); everything else there goes to the log too.
 */
public final class ChildJvm implements AutoCloseable {
    private static final String READY = "ready ";
    private static final Duration STOP_LIMIT = Duration.ofSeconds(35);

    private final String name;
    private final Process process;
    private final Path log;
    private final CompletableFuture<Boolean> ready = new CompletableFuture<>();

    private ChildJvm(String name, Process process, Path log) {
        this.name = name;
        this.process = process;
        this.log = log;
    }

    /**
     * What is started.
     *
     * @param name        what messages call it
     * @param flags       for the JVM
     * @param classPath   of the program; this class's own is added
     * @param mainClass   of the program
     * @param arguments   of the program
     * @param environment variables beside those of this process
     * @param log         the file that its output is appended to
     */
    public record Command(
            String name, List<String> flags, String classPath, String mainClass, List<String> arguments,
            Map<String, String> environment, Path log) {
    }

    /**
     * Starts a program on the JDK that runs this process.
     *
     * @param command what to start
     * @return the process, which may not be ready
     * @throws IOException if it cannot be started
     */
    public static ChildJvm start(Command command) throws IOException {
        List<String> line = new ArrayList<>();
        line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        line.addAll(command.flags());
        line.addAll(List.of("-cp", ownClasses() + File.pathSeparator + command.classPath(),
                ChildMain.class.getName(), command.mainClass()));
        line.addAll(command.arguments());

        Path log = command.log().toAbsolutePath();
        Files.createDirectories(log.getParent());
        ProcessBuilder builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(command.environment());
        ChildJvm child = new ChildJvm(command.name(), builder.start(), log);
        // Not a virtual thread: reading a pipe holds the thread that carries it, of which there are as many as processors.
        Thread.ofPlatform().name(command.name() + "-output").daemon().start(child::readOutput);
        return child;
    }

    /** Returns the folder or jar that this module's classes were loaded from. */
    static Path ownClasses() throws IOException {
        try {
            return Path.of(ChildJvm.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IOException("the folder of " + ChildJvm.class.getName() + " cannot be found", e);
        }
    }

    /**
     * Waits until the program says that it is ready.
     *
     * @param limit how long to wait
     * @throws IOException if it ends or the time is over; the process is then gone
     */
    public void awaitReady(Duration limit) throws IOException {
        String failure;
        try {
            if (ready.get(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
            failure = " ended before it was ready";
        } catch (TimeoutException e) {
            failure = " was not ready within " + limit.toSeconds() + " s";
        } catch (ExecutionException e) {
            failure = " could not be read";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = " was not waited for";
        }
        kill();
        throw new IOException(name + failure + "; its log is " + log);
    }

    /** Returns what messages call it. */
    public String name() {
        return name;
    }

    /** Returns the process. */
    public Process process() {
        return process;
    }

    /** Returns the file that holds its output. */
    public Path log() {
        return log;
    }

    /** Ends the program as a crash would (SIGKILL) and waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Closes the program's standard input, which stops it in order, and waits until it is gone. */
    @Override
    public void close() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            process.destroy();
        }
        if (!awaitEnd()) {
            kill();
        }
    }

    private boolean awaitEnd() {
        try {
            return process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Reads to the end, so that the child never blocks on a full pipe. */
    private void readOutput() {
        try (BufferedReader reader = new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
                var writer = Files.newBufferedWriter(log, StandardCharsets.UTF_8,
                        StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith(READY)) {
                    ready.complete(true);
                } else {
                    writer.write(line);
                    writer.newLine();
                    writer.flush();
                }
            }
        } catch (IOException e) {
            // The stream ends with the process.
        }
        ready.complete(false);
    }
}
