package io.amalgam.stack;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.broker.ChildJvm;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/**
 * The whole line as separate processes: broker and database (unless others are named), recipe-service, merge-workers
 * and eval-workers, each with its log file. With none of the services it is what those need that run elsewhere.
 *
 * <p>A process that ends by itself is started again. {@link #close} stops them in order: those that work before those
 * that they depend on. All of them end with this process, however it ends.
 */
public final class Stack implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(300);

    private final StackSettings settings;
    private final Consumer<String> reporter;
    private final Health health = new Health(HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build());

    /** In the order of starting; stopped in the reverse order. */
    private final List<Supervised> started = new ArrayList<>();
    private String bootstrapServers;
    private String databaseUrl;
    private URI address;
    private final List<URI> addresses = new ArrayList<>();
    private boolean closed;

    /**
     * Describes a stack; nothing runs yet.
     *
     * @param settings what it consists of
     * @param reporter gets a sentence for each thing that a user should know
     */
    public Stack(StackSettings settings, Consumer<String> reporter) {
        this.settings = settings;
        this.reporter = reporter;
    }

    /**
     * Starts everything and waits until everything is ready.
     *
     * @throws IOException if something does not start; what runs by then is stopped by {@link #close}
     */
    public void start() throws IOException, InterruptedException {
        Files.createDirectories(settings.logs());
        Files.createDirectories(settings.store());
        inParallel(List.of(this::startBroker, this::startDatabase));

        address = URI.create("http://127.0.0.1:" + recipeServicePort());
        List<Callable<Void>> services = new ArrayList<>();
        for (int i = 1; i <= settings.recipeServices(); i++) {
            String name = i == 1 ? "recipe-service" : "recipe-service-" + i;
            URI replica = i == 1 ? address : freeAddress();
            addresses.add(replica);
            services.add(() -> startService("recipe-service", name, replica));
        }
        for (int i = 1; i <= settings.mergeWorkers(); i++) {
            String name = "merge-worker-" + i;
            services.add(() -> startService("merge-worker", name, freeAddress()));
        }
        for (int i = 1; i <= settings.evalWorkers(); i++) {
            String name = "eval-worker-" + i;
            services.add(() -> startService("eval-worker", name, freeAddress()));
        }
        inParallel(services);
    }

    /** Returns where recipe-service answers. */
    public URI address() {
        return address;
    }

    /** Returns where each replica of recipe-service answers, the first of them first. */
    public List<URI> addresses() {
        return List.copyOf(addresses);
    }

    /** Returns the JDBC URL of the database. */
    public String databaseUrl() {
        return databaseUrl;
    }

    /** Returns the names of all processes that {@link #child} knows, in the order of starting. */
    public synchronized List<String> names() {
        return started.stream().map(Supervised::name).toList();
    }

    /** Returns what Kafka clients connect to. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /**
     * Returns the embedded database's server, which outlives the process {@code database} that starts it; empty while
     * none runs.
     *
     * @throws IOException if its process id cannot be read
     */
    public Optional<ProcessHandle> databaseServer() throws IOException {
        return DatabaseMain.server(settings.databaseDirectory());
    }

    /**
     * Returns the running process of that name ({@code broker}, {@code database}, {@code recipe-service},
     * {@code merge-worker-1}, …).
     *
     * @throws IllegalArgumentException if the stack has none of that name
     */
    public synchronized ChildJvm child(String name) {
        for (Supervised supervised : started) {
            if (supervised.name().equals(name)) {
                return supervised.child();
            }
        }
        throw new IllegalArgumentException("no process is named " + name);
    }

    /** Stops everything, in the reverse order of starting. Does nothing the second time. */
    @Override
    public void close() {
        List<Supervised> running;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            running = new ArrayList<>(started);
        }
        running.forEach(Supervised::expectEnd);
        // Services hold connections to broker and database, but do not need one another to stop.
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            running.stream().filter(supervised -> !supervised.isFoundation())
                    .forEach(supervised -> executor.execute(supervised::close));
        }
        running.reversed().stream().filter(Supervised::isFoundation).forEach(Supervised::close);
        writeProcesses();
    }

    /**
     * Writes which processes run, for people and tests: a line a process, {@code name pid}, in the work folder's
     * {@code processes}.
     */
    private synchronized void writeProcesses() {
        StringBuilder lines = new StringBuilder();
        for (Supervised supervised : started) {
            ChildJvm child = supervised.child();
            if (child != null && child.process().isAlive()) {
                lines.append(supervised.name()).append(' ').append(child.process().pid()).append('\n');
            }
        }
        try {
            Path file = settings.work().resolve("processes");
            Path next = settings.work().resolve("processes.next");
            Files.writeString(next, lines);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            reporter.accept("the list of processes cannot be written: " + e.getMessage());
        }
    }

    private Void startBroker() throws IOException {
        if (settings.kafka().isPresent()) {
            bootstrapServers = settings.kafka().get();
            return null;
        }
        int port = BrokerProcess.freePort();
        Path log = settings.logs().resolve("broker.log");
        supervise(new Supervised("broker", true, settings.restartLimit(), this::report,
                () -> BrokerProcess.start(settings.brokerDirectory(), port, Map.of(), log).child()));
        bootstrapServers = "127.0.0.1:" + port;
        return null;
    }

    private Void startDatabase() throws IOException {
        if (settings.database().isPresent()) {
            databaseUrl = settings.database().get();
            return null;
        }
        int port = BrokerProcess.freePort();
        supervise(new Supervised("database", true, settings.restartLimit(), this::report, () -> {
            ChildJvm child = ChildJvm.start(new ChildJvm.Command(
                    "database", flags("DATABASE"), classPath(), DatabaseMain.class.getName(),
                    List.of(settings.databaseDirectory().toString(), Integer.toString(port)), Map.of(),
                    settings.logs().resolve("database.log")));
            child.awaitReady(START_LIMIT);
            return child;
        }));
        databaseUrl = "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
        return null;
    }

    private Void startService(String module, String name, URI serviceAddress) throws IOException {
        Path runner = settings.home().resolve(module).resolve("target/quarkus-app/quarkus-run.jar");
        if (!Files.exists(runner)) {
            throw new IOException(module + " is not built: " + runner + " is missing; run ./amalgam build");
        }
        Map<String, String> environment = environment(name, serviceAddress.getPort());
        supervise(new Supervised(name, false, settings.restartLimit(), this::report, () -> {
            ChildJvm child = ChildJvm.start(new ChildJvm.Command(
                    name, flags("SERVICE", module.toUpperCase(Locale.ROOT).replace('-', '_')), runner.toString(),
                    "io.quarkus.bootstrap.runner.QuarkusEntryPoint", List.of(), environment,
                    settings.logs().resolve(name + ".log")));
            try {
                health.await(child, serviceAddress, START_LIMIT);
            } catch (IOException e) {
                child.kill();
                throw e;
            }
            return child;
        }));
        return null;
    }

    private Map<String, String> environment(String name, int port) {
        Map<String, String> environment = new TreeMap<>();
        environment.put("AMALGAM_MODELS_ROOT", settings.models().toString());
        environment.put("AMALGAM_STORE_ROOT", settings.store().toString());
        environment.put("AMALGAM_BENCHMARKS_ROOT", settings.benchmarks().toString());
        environment.put("KAFKA_BOOTSTRAP_SERVERS", bootstrapServers);
        environment.put("QUARKUS_HTTP_HOST", "127.0.0.1");
        environment.put("AMALGAM_SECURITY_OPEN", "true");
        environment.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        environment.put("QUARKUS_DATASOURCE_JDBC_URL", databaseUrl);
        if (settings.database().isEmpty()) {
            // Who is who in pg_stat_activity.
            environment.put("QUARKUS_DATASOURCE_JDBC_URL", databaseUrl + "?ApplicationName=" + name);
            environment.put("QUARKUS_DATASOURCE_USERNAME", "postgres");
            environment.put("QUARKUS_DATASOURCE_PASSWORD", "postgres");
        }
        // Ctrl-C is for the stack, which stops its children in order (ChildMain ignores the signal).
        environment.put("DISABLE_SIGNAL_HANDLERS", "true");
        environment.putAll(settings.environment());
        return environment;
    }

    /** The JVM flags of kinds of processes, beside those of all; the launcher, {@code ./amalgam}, holds them. */
    private List<String> flags(String... kinds) throws IOException {
        List<String> variables = new ArrayList<>(List.of("AMALGAM_JVM_COMMON"));
        for (String kind : kinds) {
            variables.add("AMALGAM_JVM_" + kind);
        }
        // Tells the processes of several stacks apart in a list of processes.
        List<String> flags = new ArrayList<>(List.of("-Dstack.work=" + settings.work()));
        for (String variable : variables) {
            String value = System.getenv(variable);
            if (value == null) {
                throw new IOException(variable + " is not set; start the stack by ./amalgam");
            }
            flags.addAll(List.of(value.split(" ")));
        }
        return flags;
    }

    /** Something became of a process. */
    private void report(String message) {
        writeProcesses();
        reporter.accept(message);
    }

    /** This program's class path: the folder of its jar, or in a build whatever it was started with. */
    private static String classPath() throws IOException {
        try {
            Path own = Path.of(Stack.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            return Files.isRegularFile(own)
                    ? own.resolveSibling("*").toString() : System.getProperty("java.class.path");
        } catch (URISyntaxException e) {
            throw new IOException("the folder of " + Stack.class.getName() + " cannot be found", e);
        }
    }

    private void supervise(Supervised supervised) throws IOException {
        synchronized (this) {
            if (closed) {
                return;
            }
            started.add(supervised);
        }
        supervised.start();
        writeProcesses();
    }

    private int recipeServicePort() {
        if (settings.port() != 0) {
            return settings.port();
        }
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), StackSettings.USUAL_PORT));
            return StackSettings.USUAL_PORT;
        } catch (IOException taken) {
            return BrokerProcess.freePort();
        }
    }

    private static URI freeAddress() {
        return URI.create("http://127.0.0.1:" + BrokerProcess.freePort());
    }

    /** Runs all, and throws the first failure after all have ended. */
    private static void inParallel(List<Callable<Void>> tasks) throws IOException, InterruptedException {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> result : executor.invokeAll(tasks)) {
                result.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
