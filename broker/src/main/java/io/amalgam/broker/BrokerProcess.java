package io.amalgam.broker;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A Kafka broker as a child process, on a class path of its own. Needs nothing but the JDK, so that a service's tests
 * can use it beside their own version of Kafka's client.
 *
 * <pre>{@code
 * try (BrokerProcess broker = BrokerProcess.start(directory)) {
 *     … broker.bootstrapServers() …
 * }
 * }</pre>
 *
 * <p>The child ends when this process ends, however it ends (see {@link ChildMain}). {@link #kill} followed by
 * {@link #start(Path, int, Map, Path)} with the same directory and port is a broker's crash and return.
 */
public final class BrokerProcess implements AutoCloseable {
    /** The only address that the broker listens on. */
    static final String HOST = "127.0.0.1";

    private static final Duration START_LIMIT = Duration.ofSeconds(120);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

    private final Process process;
    private final Path directory;
    private final int port;
    private final Path log;

    private BrokerProcess(Process process, Path directory, int port, Path log) {
        this.process = process;
        this.directory = directory;
        this.port = port;
        this.log = log;
    }

    /**
     * Starts a broker on a free port and waits until it serves.
     *
     * @param directory where its data are or will be; the log is {@code broker.log} beside it
     * @return the running broker
     * @throws IOException if it does not start
     */
    public static BrokerProcess start(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath();
        return start(absolute, freePort(), Map.of(), absolute.resolveSibling(absolute.getFileName() + ".log"));
    }

    /**
     * Starts a broker and waits until it serves.
     *
     * @param directory  where its data are or will be
     * @param port       the port of the loopback address to listen on
     * @param properties broker properties that differ from {@link BrokerMain}'s
     * @param log        the file that its output is appended to
     * @return the running broker
     * @throws IOException if it does not start
     */
    public static BrokerProcess start(Path directory, int port, Map<String, String> properties, Path log)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir")));
        command.addAll(List.of("-cp", classPath(), ChildMain.class.getName(), "io.amalgam.broker.BrokerMain",
                "--directory", directory.toAbsolutePath().toString(), "--port", Integer.toString(port)));
        new TreeMap<>(properties).forEach((key, value) -> command.add("--" + key + "=" + value));

        Files.createDirectories(log.toAbsolutePath().getParent());
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        BrokerProcess broker = new BrokerProcess(process, directory, port, log);
        try {
            broker.awaitReady();
        } catch (IOException | RuntimeException e) {
            process.destroyForcibly();
            throw e;
        }
        return broker;
    }

    /** Returns a port that was free a moment ago. */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new IllegalStateException("no free port on the loopback address", e);
        }
    }

    /** Returns what clients connect to, as {@code host:port}. */
    public String bootstrapServers() {
        return HOST + ":" + port;
    }

    /** Returns the port. */
    public int port() {
        return port;
    }

    /** Returns where the broker's data are. */
    public Path directory() {
        return directory;
    }

    /** Returns the process, for a supervisor that watches it. */
    public Process process() {
        return process;
    }

    /** Ends the broker as a crash would (SIGKILL) and waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd();
    }

    /** Closes the broker's standard input, which stops it in order, and waits until it is gone. */
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

    private void awaitReady() throws IOException {
        CompletableFuture<Boolean> ready = new CompletableFuture<>();
        Thread.ofVirtual().name("broker-output").start(() -> readOutput(ready));
        try {
            if (!ready.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("the Kafka broker ended before it was ready; its log is " + log);
            }
        } catch (TimeoutException e) {
            throw new IOException(
                    "the Kafka broker was not ready within " + START_LIMIT.toSeconds() + " s; its log is " + log);
        } catch (ExecutionException e) {
            throw new IOException("the Kafka broker's output cannot be read", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the Kafka broker started");
        }
    }

    /** Reads to the end, so that the child never blocks on a full pipe. */
    private void readOutput(CompletableFuture<Boolean> ready) {
        try (BufferedReader reader = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("ready ")) {
                    ready.complete(true);
                }
            }
        } catch (IOException e) {
            // The stream ends with the process.
        }
        ready.complete(false);
    }

    /**
     * The broker module's classes and, beside them, the {@code lib} folder that its build fills. Where this class was
     * loaded from tells both, in a build and in a working copy.
     */
    private static String classPath() throws IOException {
        Path classes;
        try {
            classes = Path.of(BrokerProcess.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IOException("the broker's own classes cannot be found", e);
        }
        Path libraries = classes.resolveSibling("lib");
        if (!Files.isDirectory(libraries)) {
            throw new IOException("the broker's jars are missing: " + libraries + "; build the broker module first");
        }
        return classes + File.pathSeparator + libraries + File.separator + "*";
    }
}
