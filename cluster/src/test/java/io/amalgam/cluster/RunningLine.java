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
        URI address = URI.create("http://127.0.0.1:" + BrokerProcess.freePort());
        List<String> command = List.of(Project.HOME.resolve("amalgam").toString(), "up", "--work", work.toString(),
                "--models", Project.HOME.toString(), "--port", Integer.toString(address.getPort()),
                "--merge-workers", Integer.toString(mergeWorkers), "--eval-workers", Integer.toString(evalWorkers));
        RunningLine line = new RunningLine(work,
                Server.start(work, "launcher",
                        Map.of("AMALGAM_BUILD", "never", "JAVA_HOME", System.getProperty("java.home")), command),
                address);
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
        for (String line : Files.readAllLines(work.resolve("processes"))) {
            String[] parts = line.split(" ");
            for (String variable : Files.readString(Path.of("/proc", parts[1], "environ")).split("\0")) {
                if (variable.startsWith("QUARKUS_HTTP_PORT=")) {
                    ports.put(parts[0], Integer.parseInt(variable.substring(variable.indexOf('=') + 1)));
                }
            }
        }
        return ports;
    }

    /** Submits one of the sample recipes; returns the merge. */
    String submit(String recipe, String shardSize, String... benchmarks) throws IOException, InterruptedException {
        ObjectNode order = new ObjectMapper().createObjectNode();
        order.put("recipe", Files.readString(Project.HOME.resolve("samples/recipes").resolve(recipe + ".yml")));
        order.put("name", recipe);
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
