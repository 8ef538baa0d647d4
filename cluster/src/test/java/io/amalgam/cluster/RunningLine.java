package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.broker.BrokerProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The whole line as {@code ./amalgam up} runs it, real processes, on the sample models. */
final class RunningLine implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofMinutes(5);

    private final Path work;
    private final Server launcher;
    private final URI address;

    private RunningLine(Path work, Server launcher, URI address) {
        this.work = work;
        this.launcher = launcher;
        this.address = address;
    }

    /** Starts it and waits until it is ready. */
    static RunningLine start(Path work, int mergeWorkers, int evalWorkers) throws IOException {
        return start(work, mergeWorkers, evalWorkers, Map.of(), List.of());
    }

    /**
     * Starts another recipe-service and workers on this line's broker, database and store, as another machine would; they
     * end on their own.
     */
    RunningLine join(Path folder, int mergeWorkers) throws IOException {
        Map<String, String> shared = new TreeMap<>(environment("recipe-service"));
        shared.keySet().retainAll(List.of("KAFKA_BOOTSTRAP_SERVERS", "QUARKUS_DATASOURCE_JDBC_URL",
                "QUARKUS_DATASOURCE_USERNAME", "QUARKUS_DATASOURCE_PASSWORD"));
        return start(folder, mergeWorkers, 0, shared, List.of("--store", work.resolve("store").toString()));
    }

    private static RunningLine start(Path work, int mergeWorkers, int evalWorkers, Map<String, String> variables,
            List<String> options) throws IOException {
        URI address = URI.create("http://127.0.0.1:" + BrokerProcess.freePort());
        List<String> command = new ArrayList<>(List.of(Project.HOME.resolve("amalgam").toString(), "up", "--work", work.toString(),
                "--models", Project.HOME.toString(), "--port", Integer.toString(address.getPort()),
                "--merge-workers", Integer.toString(mergeWorkers), "--eval-workers", Integer.toString(evalWorkers)));
        command.addAll(options);
        Map<String, String> environment = new TreeMap<>(variables);
        environment.putAll(Map.of("AMALGAM_BUILD", "never", "JAVA_HOME", System.getProperty("java.home")));
        RunningLine line = new RunningLine(work, Server.start(work, "launcher", environment, command), address);
        await("the line").atMost(LIMIT).until(() -> {
            if (!line.launcher.isAlive()) {
                throw new AssertionError("the line did not start:\n" + line.launcher.said());
            }
            return line.launcher.said().contains("Ctrl-C stops everything");
        });
        return line;
    }

    /** Where recipe-service answers. */
    URI address() {
        return address;
    }

    /** What Kafka clients connect to. */
    String kafka() throws IOException {
        Matcher matcher = Pattern.compile("Kafka +(\\S+)").matcher(launcher.said());
        if (!matcher.find()) {
            throw new AssertionError(launcher.said());
        }
        return matcher.group(1);
    }

    /** Its work folder; the store is in it. */
    Path work() {
        return work;
    }

    /** The services that run, by name, with the port of each: what their processes were told. */
    Map<String, Integer> ports() throws IOException {
        Map<String, Integer> ports = new TreeMap<>();
        for (String name : processes().keySet()) {
            String port = environment(name).get("QUARKUS_HTTP_PORT");
            if (port != null) {
                ports.put(name, Integer.parseInt(port));
            }
        }
        return ports;
    }

    /** The process ids of what runs, by name. */
    private Map<String, String> processes() throws IOException {
        Map<String, String> processes = new TreeMap<>();
        for (String line : Files.readAllLines(work.resolve("processes"))) {
            String[] parts = line.split(" ");
            processes.put(parts[0], parts[1]);
        }
        return processes;
    }

    /** The variables that a process was started with. */
    private Map<String, String> environment(String name) throws IOException {
        Map<String, String> environment = new TreeMap<>();
        for (String variable : Files.readString(Path.of("/proc", processes().get(name), "environ")).split("\0")) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                environment.put(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        return environment;
    }

    /** Submits one of the sample recipes; returns the merge. */
    String submit(String recipe, String shardSize, String... benchmarks) throws IOException, InterruptedException {
        return order(recipe, sample(recipe), shardSize, benchmarks);
    }

    /** The text of a sample recipe. */
    static String sample(String recipe) throws IOException {
        return Files.readString(Project.HOME.resolve("samples/recipes").resolve(recipe + ".yml"));
    }

    /** Submits a recipe; returns the merge. */
    String order(String name, String recipe, String shardSize, String... benchmarks)
            throws IOException, InterruptedException {
        ObjectNode order = new ObjectMapper().createObjectNode();
        order.put("recipe", recipe);
        order.put("name", name);
        order.put("shardSize", shardSize);
        List.of(benchmarks).forEach(order.withArray("benchmarks")::add);
        return new ObjectMapper().readTree(Server.post(address.resolve("/api/merges"), order.toString()))
                .get("id").asText();
    }

    /** What recipe-service tells of a merge. */
    JsonNode merge(String merge) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(Server.get(address.resolve("/api/merges/" + merge)));
    }

    /** Waits until a merge, and its evaluation if it has one, is completed. */
    void awaitCompleted(String merge, boolean evaluated) {
        List<String> seen = new ArrayList<>();
        await("merge " + merge).atMost(LIMIT).pollInterval(Duration.ofMillis(500)).until(() -> {
            JsonNode state = merge(merge);
            seen.add(state.toString());
            if (List.of("failed", "cancelled").contains(state.path("state").asText())) {
                throw new AssertionError(state.toPrettyString());
            }
            return state.path("state").asText().equals("completed")
                    && (!evaluated || state.path("evaluation").path("state").asText().equals("completed"));
        });
    }

    @Override
    public void close() {
        launcher.close();
    }
}
