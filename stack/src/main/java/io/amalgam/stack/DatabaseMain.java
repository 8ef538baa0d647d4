package io.amalgam.stack;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * PostgreSQL from the binaries on the class path, as a child process of the stack: {@code DatabaseMain DIRECTORY PORT}.
 * The data in DIRECTORY survive; a second start continues with them. When the server answers, one line
 * {@code ready HOST:PORT} is written to standard output; the process ends when the server does.
 */
public final class DatabaseMain {
    private static final Duration START_LIMIT = Duration.ofSeconds(240);

    private DatabaseMain() {
    }

    /**
     * Starts the server and waits until it ends.
     *
     * @param arguments directory and port
     * @throws Exception if the server does not start
     */
    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[0]);
        int port = Integer.parseInt(arguments[1]);
        Files.createDirectories(directory);
        server(directory).ifPresent(DatabaseMain::endLeftover);

        // Closed by the shutdown hook that the library registers, which stops the server in order.
        EmbeddedPostgres server = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(directory.resolve("binaries").toFile())
                .setDataDirectory(data(directory))
                .setCleanDataDirectory(false)
                .setPort(port)
                .setPGStartupWait(START_LIMIT)
                .setErrorRedirector(ProcessBuilder.Redirect.INHERIT)
                .setOutputRedirector(ProcessBuilder.Redirect.INHERIT)
                .setServerConfig("listen_addresses", "127.0.0.1")
                // By default a socket in /tmp and segments in /dev/shm, outside the project's folder.
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("dynamic_shared_memory_type", "mmap")
                // The library's default answers before a transaction is safe from a crash of the server.
                .setServerConfig("synchronous_commit", "on")
                // A laptop's share of memory; everything in it can be made again.
                .setServerConfig("shared_buffers", "16MB")
                .setServerConfig("max_connections", "50")
                .start();
        System.out.println("ready 127.0.0.1:" + server.getPort());
        System.out.flush();

        server(directory).orElseThrow(() -> new IOException("PostgreSQL wrote no process id in " + data(directory)))
                .onExit().join();
        System.exit(1);
    }

    /**
     * Returns the server that runs on a directory's data, if any. Its starter is not its parent: PostgreSQL detaches
     * itself and writes its process id beside its data.
     *
     * @param directory the one that {@link #main} was given
     */
    static Optional<ProcessHandle> server(Path directory) throws IOException {
        Path file = data(directory).resolve("postmaster.pid");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String first = Files.readString(file, StandardCharsets.US_ASCII).lines().findFirst().orElse("").strip();
        if (first.isEmpty()) {
            return Optional.empty();
        }
        // A process id is reused sooner or later: only a PostgreSQL server may be taken for ours.
        return ProcessHandle.of(Long.parseLong(first))
                .filter(process -> process.info().command().map(command -> command.endsWith("postgres")).orElse(false));
    }

    private static Path data(Path directory) {
        return directory.resolve("data");
    }

    /**
     * Ends a server that a starter left when it was killed. PostgreSQL recovers from that by its log, and its worker
     * processes notice that the server is gone.
     */
    private static void endLeftover(ProcessHandle server) {
        server.destroyForcibly();
        server.onExit().join();
    }
}
