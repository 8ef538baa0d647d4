package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.broker.BrokerProcess;
import io.amalgam.broker.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code ./amalgam up} on a Kafka and a PostgreSQL that somebody else runs, with two replicas of recipe-service. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ExternalIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private Path folder;
    private Path work;
    private BrokerProcess broker;
    private ChildJvm database;
    private Process launcher;

    @BeforeEach
    void startWhatOthersRun() throws IOException {
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "external");
        work = folder.resolve("work");
        broker = BrokerProcess.start(folder.resolve("kafka"));
    }

    @AfterEach
    void stopEverything() throws Exception {
        stopLine();
        if (database != null) {
            database.close();
        }
        broker.close();
    }

    @Test
    void twoReplicasShareTheKafkaAndTheDatabaseOfOthersAndSurviveTheLossOfTheDatabase() throws Exception {
        List<URI> replicas = startLine(startDatabase("first"));
        Set<String> processes = new TreeSet<>(Launcher.processes(work).keySet());
        assertEquals(Set.of("recipe-service", "recipe-service-2", "merge-worker-1"), processes);
        ServiceClient one = new ServiceClient(replicas.get(0));
        ServiceClient two = new ServiceClient(replicas.get(1));

        // Ordered at one replica, watched at the other, whichever of them reads the partition.
        JsonNode first = one.post("/api/merges", order(one, 0.21));
        String id = first.path("id").asText();
        assertEquals("STARTED", first.path("outcome").asText());
        assertEquals(id, two.post("/api/merges", order(two, 0.21)).path("id").asText());
        CompletableFuture<List<String>> seen = CompletableFuture.supplyAsync(() -> events(replicas.get(1), id));
        assertEquals(List.of("snapshot", "completed", "end"), seen.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
        assertEquals("completed", Merges.awaitEnd(one, id, LIMIT).path("state").asText());
        awaitTheSame(one, two, "/api/merges/" + id);

        // A replica dies: the other one goes on, with all partitions; and it comes back to what happened meanwhile.
        Launcher.processes(work).get("recipe-service").destroyForcibly();
        String second = two.post("/api/merges", order(two, 0.22)).path("id").asText();
        assertFalse(second.equals(id));
        assertEquals("completed", Merges.awaitEnd(two, second, LIMIT).path("state").asText());
        assertEquals("completed", Merges.awaitEnd(one, second, LIMIT).path("state").asText());

        // The database is lost, and of the store only that comes back which docs/reliability.md tells to back up.
        stopLine();
        database.close();
        Path store = work.resolve("store");
        Path lost = Files.move(store, folder.resolve("lost"));
        for (String area : List.of("artifacts", "pinned", "by-key", "evaluations")) {
            if (Files.exists(lost.resolve(area))) {
                Files.createDirectories(store);
                Files.move(lost.resolve(area), store.resolve(area));
            }
        }
        ServiceClient restored = new ServiceClient(startLine(startDatabase("second")).getFirst());
        for (String merge : List.of(id, second)) {
            assertEquals("completed", Merges.awaitEnd(restored, merge, LIMIT).path("state").asText());
            awaitAllChunks(restored, merge);
        }
        JsonNode again = restored.post("/api/merges", order(restored, 0.21));
        assertEquals("COMPLETE", again.path("outcome").asText());
        assertEquals(first.path("artifact"), again.path("artifact"));
        String third = restored.post("/api/merges", order(restored, 0.23)).path("id").asText();
        assertEquals("completed", Merges.awaitEnd(restored, third, LIMIT).path("state").asText());
    }

    private void stopLine() throws InterruptedException {
        if (launcher != null) {
            launcher.destroy();
            launcher.waitFor(60, TimeUnit.SECONDS);
            launcher.destroyForcibly();
        }
    }

    private int startDatabase(String name) throws IOException {
        int port = BrokerProcess.freePort();
        database = ChildJvm.start(new ChildJvm.Command(
                "database", List.of("-Xmx128m", "-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir")),
                System.getProperty("java.class.path"), DatabaseMain.class.getName(),
                List.of(folder.resolve(name).toString(), Integer.toString(port)), Map.of(),
                folder.resolve(name + ".log")));
        database.awaitReady(LIMIT);
        return port;
    }

    private List<URI> startLine(int databasePort) throws Exception {
        Path output = folder.resolve("output-" + databasePort);
        Map<String, String> environment = Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", broker.bootstrapServers(),
                "QUARKUS_DATASOURCE_JDBC_URL", "jdbc:postgresql://127.0.0.1:" + databasePort + "/postgres",
                "QUARKUS_DATASOURCE_USERNAME", "postgres",
                "QUARKUS_DATASOURCE_PASSWORD", "postgres");
        launcher = Launcher.start(output, Launcher.home(), environment, "up", "--work", work.toString(),
                "--models", Launcher.home().resolve("samples/models").toString(),
                "--merge-workers", "1", "--eval-workers", "0", "--recipe-services", "2");
        Pattern address = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            String text = Files.readString(output);
            if (text.contains("Ctrl-C")) {
                Set<URI> found = new LinkedHashSet<>();
                for (Matcher matcher = address.matcher(text); matcher.find();) {
                    found.add(URI.create(matcher.group()));
                }
                assertEquals(2, found.size(), text);
                return new ArrayList<>(found);
            }
            assertTrue(launcher.isAlive() && System.nanoTime() < end, text);
            Thread.sleep(100);
        }
    }

    private static ObjectNode order(ServiceClient service, double weight) {
        ObjectNode order = service.object();
        order.put("recipe", """
                merge_method: linear
                models:
                  - model: navigation-expert
                    parameters: {weight: %s}
                  - model: ordering-expert
                    parameters: {weight: 1.0}
                dtype: bfloat16
                """.formatted(weight));
        order.put("shardSize", "200K");
        return order;
    }

    /** The kinds of events that a watcher is told from the beginning, but for those whose number depends on timing. */
    private static List<String> events(URI replica, String merge) {
        List<String> kinds = new ArrayList<>();
        HttpRequest request = HttpRequest.newBuilder(replica.resolve("/api/merges/" + merge + "/events?after=0")).build();
        try (HttpClient client = HttpClient.newHttpClient();
                BufferedReader lines = new BufferedReader(new InputStreamReader(
                        client.send(request, HttpResponse.BodyHandlers.ofInputStream()).body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event:")) {
                    String kind = line.substring("event:".length()).strip();
                    if (Set.of("snapshot", "completed", "failed", "cancelled", "end").contains(kind)) {
                        kinds.add(kind);
                    }
                    if (kind.equals("end")) {
                        return kinds;
                    }
                }
            }
        } catch (IOException failure) {
            kinds.add(failure.toString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        return kinds;
    }

    /** Events of other topics may still come: in the end, both replicas tell the same. */
    private static void awaitTheSame(ServiceClient one, ServiceClient two, String path) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!one.get(path).equals(two.get(path))) {
            assertTrue(System.nanoTime() < end, one.get(path) + " and " + two.get(path));
            Thread.sleep(200);
        }
    }

    /** The topics are read each at its own pace: in the end, every chunk is told of. */
    private static void awaitAllChunks(ServiceClient service, String merge) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        JsonNode shown = service.get("/api/merges/" + merge);
        while (shown.path("chunkResults").size() != shown.path("chunks").asInt()) {
            assertTrue(System.nanoTime() < end, shown.toPrettyString());
            Thread.sleep(200);
            shown = service.get("/api/merges/" + merge);
        }
        assertTrue(shown.path("chunks").asInt() > 1, shown.toPrettyString());
    }
}
