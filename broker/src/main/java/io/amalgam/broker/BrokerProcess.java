package io.amalgam.broker;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

    private static final Duration START_LIMIT = Duration.ofSeconds(300);

    /** Enough for one machine's traffic; the first compiler alone, because starting soon matters more than speed. */
    private static final List<String> FLAGS = List.of(
            "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED");

    private final ChildJvm child;
    private final Path directory;
    private final int port;

    private BrokerProcess(ChildJvm child, Path directory, int port) {
        this.child = child;
        this.directory = directory;
        this.port = port;
    }

    /**
     * Starts a broker on a free port and waits until it serves.
     *
     * @param directory where its data are or will be; the log is {@code <directory>.log} beside it
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
        List<String> flags = new ArrayList<>(FLAGS);
        flags.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        List<String> arguments = new ArrayList<>(List.of(
                "--directory", directory.toAbsolutePath().toString(), "--port", Integer.toString(port)));
        new TreeMap<>(properties).forEach((key, value) -> arguments.add("--" + key + "=" + value));
        ChildJvm child = ChildJvm.start(new ChildJvm.Command(
                "broker", flags, libraries(), "io.amalgam.broker.BrokerMain", arguments, Map.of(), log));
        child.awaitReady(START_LIMIT);
        return new BrokerProcess(child, directory, port);
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

    /** Returns the child process, for a supervisor that watches it. */
    public ChildJvm child() {
        return child;
    }

    /** Returns the process. */
    public Process process() {
        return child.process();
    }

    /** Ends the broker as a crash would (SIGKILL) and waits until it is gone. */
    public void kill() {
        child.kill();
    }

    /** Stops the broker in order and waits until it is gone. */
    @Override
    public void close() {
        child.close();
    }

    /**
     * The {@code lib} folder that the broker module's build fills: beside its classes in a build, or
     * {@code amalgam.broker.lib} where this module's jar lies elsewhere.
     */
    private static String libraries() throws IOException {
        String configured = System.getProperty("amalgam.broker.lib");
        Path folder = configured == null ? ChildJvm.ownClasses().resolveSibling("lib") : Path.of(configured);
        if (!Files.isDirectory(folder)) {
            throw new IOException("the broker's jars are missing: " + folder + "; build the broker module first");
        }
        return folder + File.separator + "*";
    }
}
