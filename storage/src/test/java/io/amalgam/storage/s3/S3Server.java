package io.amalgam.storage.s3;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/**
 * A real S3 server on loopback: versitygw over a folder. Where it is not installed the tests that need it are skipped and
 * say so; {@code ./amalgam test s3} builds it.
 */
public final class S3Server implements AutoCloseable {
    /** Its bucket. */
    public static final String BUCKET = "models";
    /** Its access key. */
    public static final String ACCESS = "amalgam";
    /** Its secret key. */
    public static final String SECRET = "amalgam-secret-key";
    private static final String PROGRAM = "versitygw";

    private final Path folder;
    private final int port;
    private Process process;

    private S3Server(Path folder, int port) {
        this.folder = folder;
        this.port = port;
    }

    /** Starts a server over a folder, or skips the test. */
    public static S3Server start(Path folder) throws IOException, InterruptedException {
        Optional<Path> program = program();
        Assumptions.assumeTrue(program.isPresent(),
                "versitygw is not on the PATH: ./amalgam test s3 builds it where Go is installed");
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Files.createDirectories(folder.resolve("root").resolve(BUCKET));
        Files.createDirectories(folder.resolve("meta"));
        S3Server server = new S3Server(folder.toAbsolutePath(), port);
        server.run(program.get());
        return server;
    }

    private static Optional<Path> program() {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).map(Path::of),
                        Stream.of(Path.of("..", ".amalgam", "tools")))
                .map(path -> path.resolve(PROGRAM))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private void run(Path program) throws IOException, InterruptedException {
        process = new ProcessBuilder(program.toString(), "--access", ACCESS, "--secret", SECRET, "--quiet",
                "--port", "127.0.0.1:" + port, "posix", "--sidecar", folder.resolve("meta").toString(),
                folder.resolve("root").toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("versitygw.log").toFile())
                .start();
        Instant end = Instant.now().plus(Duration.ofSeconds(60));
        while (!answers()) {
            if (!process.isAlive() || Instant.now().isAfter(end)) {
                throw new IOException("versitygw does not start: " + Files.readString(folder.resolve("versitygw.log")));
            }
            Thread.sleep(20);
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Its address. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Settings by name, as a service has them. */
    public Map<String, String> settings() {
        return Map.of("endpoint", endpoint().toString(), "region", "us-east-1");
    }

    /** A connection with its credentials. */
    S3Service service() {
        return service(SECRET);
    }

    /** A connection with another secret. */
    S3Service service(String secret) {
        return new S3Service(S3Settings.of(settings(), Map.of()),
                StaticCredentialsProvider.create(AwsBasicCredentials.create(ACCESS, secret)));
    }

    /** Lets all that it stores look as if it had been written so long ago. */
    void age(Duration age) throws IOException {
        FileTime then = FileTime.from(Instant.now().minus(age));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, then);
            }
        }
    }

    /** The folder in which a bucket's objects lie. */
    public Path bucketFolder() {
        return folder.resolve("root").resolve(BUCKET);
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}
