package io.amalgam.cluster;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.stack.ServiceClient;
import io.amalgam.stack.Stack;
import io.amalgam.stack.StackSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Trains the images of services for a fast start, as a part of {@code ./amalgam images}: each runs as a container beside a
 * real broker and a real database until it is ready, and is told to stop. What it loaded and linked and what was hot in it
 * the JVM writes when it ends (JEP 514); that file, {@code start.aot}, goes into the image. It holds only for the JVM, class
 * path and flags that it was made with, which is why the images themselves are run.
 *
 * <p>Nothing of the machine is mounted into a container: models, store and benchmarks are folders of its own, and empty.
 */
public final class ImageTraining {
    private static final Duration START_LIMIT = Duration.ofMinutes(5);
    private static final Duration PAUSE = Duration.ofMillis(200);
    /** A service that is ready begins to look for work: that belongs to a start, too. */
    private static final Duration SETTLING = Duration.ofSeconds(3);
    /** Writing the cache takes longer than ending. */
    private static final Duration STOP_LIMIT = Duration.ofMinutes(5);
    /** Exit status of a program that ended because it was told to (128 + SIGTERM). */
    private static final int TERMINATED = 143;
    private static final String CACHE = "start.aot";

    private final String engine;
    private final List<String> flags;
    private final Stack stack;

    private ImageTraining(String engine, List<String> flags, Stack stack) {
        this.engine = engine;
        this.flags = flags;
        this.stack = stack;
    }

    /**
     * Trains images that are complete but for their cache.
     *
     * @param arguments the project's folder; the container engine; the folder of the images' contexts, each of which is named
     *     as its service and gets its {@code start.aot}; and the JVM's flags of training. The images' names are
     *     {@code amalgam/SERVICE:untrained}.
     */
    public static void main(String[] arguments) {
        try {
            train(Path.of(arguments[0]), arguments[1], Path.of(arguments[2]),
                    List.of(arguments).subList(3, arguments.length));
        } catch (IOException | InterruptedException failure) {
            System.err.println("amalgam: " + failure.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }

    private static void train(Path home, String engine, Path contexts, List<String> flags)
            throws IOException, InterruptedException {
        List<Path> services;
        try (var folders = Files.list(contexts)) {
            services = folders.sorted().toList();
        }
        Path work = contexts.resolveSibling("training");
        StackSettings foundation = new StackSettings(
                home, work, work, work.resolve("store"), work, 0, 0, 0, Optional.empty(), Optional.empty(), Map.of(), 0,
                StackSettings.USUAL_RESTARTS);
        try (Stack stack = new Stack(foundation, System.err::println);
                ExecutorService executor = Executors.newCachedThreadPool()) {
            stack.start();
            ImageTraining training = new ImageTraining(engine, flags, stack);
            List<Future<Void>> trained = new ArrayList<>();
            for (Path context : services) {
                trained.add(executor.submit(() -> training.train(context)));
            }
            for (Future<Void> one : trained) {
                one.get();
            }
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        }
    }

    private Void train(Path context) throws IOException, InterruptedException {
        String service = context.getFileName().toString();
        String container = "amalgam-training-" + service;
        // Of a training that was killed.
        run("rm", "--force", container);
        // However this process ends, a Ctrl-C included, the container does, too.
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> remove(container)));
        URI address = URI.create("http://127.0.0.1:" + BrokerProcess.freePort());
        start(service, container, address.getPort());
        awaitReady(service, container, address);
        Thread.sleep(SETTLING);
        succeed("stop", "--time=" + STOP_LIMIT.toSeconds(), container);
        String status = succeed("container", "inspect", "--format={{.State.ExitCode}}", container).strip();
        if (!status.equals(Integer.toString(TERMINATED))) {
            throw new IOException("%s ended with status %s instead of %d when it was told to stop, and said: %s"
                    .formatted(service, status, TERMINATED, lastLine(run("logs", container).output())));
        }
        succeed("cp", container + ":/tmp/" + CACHE, context.resolve(CACHE).toString());
        return null;
    }

    /** Starts the image as it will be started, but for where the cache comes from. */
    private void start(String service, String container, int port) throws IOException, InterruptedException {
        Map<String, String> environment = new TreeMap<>();
        environment.put("AMALGAM_MODELS_ROOT", "/tmp");
        environment.put("AMALGAM_STORE_ROOT", "/tmp/store");
        environment.put("AMALGAM_BENCHMARKS_ROOT", "/tmp");
        environment.put("AMALGAM_SECURITY_OPEN", "true");
        environment.put("KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers());
        environment.put("QUARKUS_DATASOURCE_JDBC_URL", stack.databaseUrl());
        environment.put("QUARKUS_DATASOURCE_USERNAME", "postgres");
        environment.put("QUARKUS_DATASOURCE_PASSWORD", "postgres");
        environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
        environment.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        List<String> arguments = new ArrayList<>(List.of("run", "--detach", "--name=" + container, "--network=host", "--entrypoint=java"));
        environment.forEach((name, value) -> arguments.add("--env=" + name + "=" + value));
        arguments.addAll(List.of("amalgam/" + service + ":untrained", "@/opt/amalgam/jvm.options"));
        arguments.addAll(flags);
        arguments.addAll(List.of("-XX:AOTCacheOutput=/tmp/" + CACHE, "io.quarkus.runner.GeneratedMain"));
        succeed(arguments.toArray(String[]::new));
    }

    private void awaitReady(String service, String container, URI address) throws IOException, InterruptedException {
        ServiceClient client = new ServiceClient(address);
        Instant end = Instant.now().plus(START_LIMIT);
        String last = "";
        while (Instant.now().isBefore(end)) {
            try {
                client.get("/q/health/ready");
                return;
            } catch (IOException notYet) {
                last = notYet.getMessage();
            }
            if (!succeed("container", "inspect", "--format={{.State.Running}}", container).strip().equals("true")) {
                throw new IOException(
                        service + " ended before it was ready, and said: " + lastLine(run("logs", container).output()));
            }
            Thread.sleep(PAUSE);
        }
        throw new IOException("%s was not ready within %d s (%s)".formatted(service, START_LIMIT.toSeconds(), last));
    }

    private void remove(String container) {
        try {
            run("rm", "--force", container);
        } catch (IOException | InterruptedException failure) {
            System.err.println("amalgam: " + container + " is still there: " + failure.getMessage());
        }
    }

    /** What the engine said, and its exit status. */
    private record Answer(int status, String output) {
    }

    private Answer run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(engine));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Answer(process.waitFor(), output);
    }

    private String succeed(String... arguments) throws IOException, InterruptedException {
        Answer answer = run(arguments);
        if (answer.status() != 0) {
            throw new IOException("\"" + engine + " " + arguments[0] + "\" failed: " + lastLine(answer.output()));
        }
        return answer.output();
    }

    private static String lastLine(String output) {
        return output.strip().lines().reduce("nothing", (former, line) -> line);
    }
}
