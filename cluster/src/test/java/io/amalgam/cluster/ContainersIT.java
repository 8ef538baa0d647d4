package io.amalgam.cluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.broker.BrokerProcess;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The images as production runs them: a memory limit, one processor, a read-only root, no capability, not root, nobody let
 * in without the administrator's key. They do merges and an evaluation, and end in order. Broker and database run beside
 * them.
 */
@Tag("containers")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainersIT {

    private static final Path FOLDER = Path.of("target/containers").toAbsolutePath();
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final long LARGEST_IMAGE = 250L << 20;
    private static final List<String> SERVICES = List.of("recipe-service", "merge-worker", "eval-worker");
    private static final Map<String, Integer> MEBIBYTES =
            Map.of("recipe-service", 512, "merge-worker", 1024, "eval-worker", 512);
    /** Exit status of a program that ended because it was told to (128 + SIGTERM); killed would be 137. */
    private static final int TERMINATED = 143;
    private static final String KEY = "no secret, but as long as the administrator's key has to be";
    private static final String[] AUTHORIZATION = {"Authorization", "Bearer " + KEY};

    private static final Map<String, Integer> PORTS = new TreeMap<>();
    private static String engine;
    private static BrokerProcess broker;
    private static EmbeddedPostgres database;

    @BeforeAll
    static void start() throws Exception {
        engine = System.getenv("AMALGAM_ENGINE");
        assumeTrue(engine != null, "the images are not built (./amalgam test containers builds them, with podman or docker)");
        Program.run(Path.of(".").toAbsolutePath(), "rm", "-rf", FOLDER.toString()).succeeds();
        Files.createDirectories(FOLDER.resolve("store"));
        Files.writeString(FOLDER.resolve("administrator"), KEY);
        Program.run(FOLDER, "chmod", "-R", "a+rwX", "store", "administrator").succeeds();
        broker = BrokerProcess.start(FOLDER.resolve("kafka"));
        database = EmbeddedPostgres.builder().setOverrideWorkingDirectory(FOLDER.resolve("postgresql").toFile())
                .setDataDirectory(FOLDER.resolve("data")).start();
    }

    @AfterAll
    static void stop() throws Exception {
        for (String service : PORTS.keySet()) {
            engine("rm", "--force", container(service));
        }
        if (broker != null) {
            broker.close();
        }
        if (database != null) {
            database.close();
        }
    }

    private static String image(String service) {
        return "amalgam/" + service + ":" + System.getProperty("amalgam.version");
    }

    private static String container(String service) {
        return "amalgam-test-" + service;
    }

    private static Program engine(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(engine));
        command.addAll(List.of(arguments));
        return Program.run(Project.HOME, Map.of(), command);
    }

    /** Runs a service as k8s/base/app does: its limits, its settings, its folders. */
    private static void run(String service) throws IOException, InterruptedException {
        int port = PORTS.computeIfAbsent(service, name -> BrokerProcess.freePort());
        engine("rm", "--force", container(service));
        engine("run", "--detach", "--name", container(service), "--network=host",
                "--memory=" + MEBIBYTES.get(service) + "m", "--memory-swap=" + MEBIBYTES.get(service) + "m",
                "--cpus=1", "--read-only", "--tmpfs=/tmp:rw,exec,size=256m,mode=1777", "--cap-drop=all",
                "--security-opt=no-new-privileges", "--user=10001:10001",
                "--volume=" + Project.HOME.resolve("samples") + ":/var/amalgam/models/samples:ro",
                "--volume=" + FOLDER.resolve("store") + ":/var/amalgam/store",
                "--volume=" + Project.HOME.resolve("samples/benchmark") + ":/var/amalgam/benchmarks:ro",
                "--volume=" + FOLDER.resolve("administrator") + ":/etc/amalgam/administrator/key:ro",
                "--env=AMALGAM_MODELS_ROOT=/var/amalgam/models", "--env=AMALGAM_STORE_ROOT=/var/amalgam/store",
                "--env=AMALGAM_BENCHMARKS_ROOT=/var/amalgam/benchmarks",
                "--env=AMALGAM_SECURITY_ADMINISTRATOR_KEY_FILE=/etc/amalgam/administrator/key",
                "--env=KAFKA_BOOTSTRAP_SERVERS=" + broker.bootstrapServers(),
                "--env=QUARKUS_DATASOURCE_JDBC_URL=" + database.getJdbcUrl("postgres", "postgres"),
                "--env=QUARKUS_DATASOURCE_USERNAME=postgres", "--env=QUARKUS_DATASOURCE_PASSWORD=postgres",
                "--env=QUARKUS_HTTP_HOST=127.0.0.1", "--env=QUARKUS_HTTP_PORT=" + port, image(service)).succeeds();
    }

    /** Runs a service and waits until it is ready; returns how long that took. */
    private static Duration runUntilReady(String service) throws IOException, InterruptedException {
        long before = System.nanoTime();
        run(service);
        await(service).atMost(LIMIT).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(20)).until(() -> {
            if (Server.answers(at(service, "/q/health/ready"))) {
                return true;
            }
            if (!inspect(service).at("/State/Running").asBoolean()) {
                throw new AssertionError(service + " has ended: " + logs(service));
            }
            return false;
        });
        return Duration.ofNanos(System.nanoTime() - before);
    }

    private static URI at(String service, String path) {
        return URI.create("http://127.0.0.1:" + PORTS.get(service) + path);
    }

    private static String logs(String service) throws IOException, InterruptedException {
        return engine("logs", container(service)).output();
    }

    private static JsonNode inspect(String service) throws IOException, InterruptedException {
        return new ObjectMapper().readTree(engine("container", "inspect", container(service)).succeeds()).get(0);
    }

    @Test
    @Order(1)
    void anImageIsSmallAndSaysWhatItIsMadeOf() throws Exception {
        for (String service : SERVICES) {
            JsonNode image = new ObjectMapper().readTree(engine("image", "inspect", image(service)).succeeds()).get(0);
            long size = image.path("Size").asLong();
            System.out.printf("%s: %d MiB uncompressed%n", service, size >> 20);
            assertTrue(size <= LARGEST_IMAGE, service + " has " + size + " bytes");
            assertEquals("10001:10001", image.at("/Config/User").asText(), service);
            Path parts = FOLDER.resolve(service + ".json");
            String made = engine("create", image(service)).succeeds().strip();
            try {
                engine("cp", made + ":/opt/amalgam/sbom.json", parts.toString()).succeeds();
            } finally {
                engine("rm", made).succeeds();
            }
            JsonNode list = new ObjectMapper().readTree(parts.toFile());
            assertEquals("CycloneDX", list.path("bomFormat").asText(), service);
            List<String> names = new ArrayList<>();
            list.path("components").forEach(part -> names.add(part.path("name").asText()));
            assertTrue(names.containsAll(List.of("amalgam-events", "quarkus-core", "kafka-clients")), names.toString());
        }
    }

    /** A JVM that finds something wrong with its cache starts without a word, only more slowly; here it has to have it. */
    @Test
    @Order(2)
    void theCacheOfAStartFits() throws Exception {
        for (String service : SERVICES) {
            engine("run", "--rm", "--network=host", "--memory=" + MEBIBYTES.get(service) + "m", "--entrypoint=java", image(service),
                    "@/opt/amalgam/jvm.options", "-XX:AOTCache=/opt/amalgam/start.aot", "-XX:AOTMode=on", "-version").succeeds();
        }
    }

    /** How long each took is printed, and depends on the machine; that each becomes ready does not. */
    @Test
    @Order(3)
    void everyServiceIsReadyUnderItsLimits() throws Exception {
        for (String service : SERVICES) {
            // The first one makes topics and tables.
            Duration first = runUntilReady(service);
            engine("stop", "--time=75", container(service)).succeeds();
            Duration again = runUntilReady(service);
            Duration processor = ProcessHandle.of(inspect(service).at("/State/Pid").asLong())
                    .flatMap(process -> process.info().totalCpuDuration()).orElseThrow();
            System.out.printf("%s: ready after %.1f s on one processor, of which it worked %.1f s; the first time after %.1f s%n",
                    service, again.toMillis() / 1e3, processor.toMillis() / 1e3, first.toMillis() / 1e3);
        }
    }

    @Test
    @Order(4)
    void limitsAreInForce() throws Exception {
        for (String service : SERVICES) {
            JsonNode host = inspect(service).at("/HostConfig");
            assertEquals((long) MEBIBYTES.get(service) << 20, host.path("Memory").asLong(), service);
            assertTrue(host.path("ReadonlyRootfs").asBoolean(), service);
            // What the process itself sees: no capability, and not root.
            String status = Files.readString(Path.of("/proc", inspect(service).at("/State/Pid").asText(), "status"));
            assertTrue(status.contains("CapEff:\t0000000000000000"), status);
            assertTrue(status.contains("Uid:\t10001"), status);
            String told = Server.get(at(service, "/q/metrics"));
            String limit = told.lines().filter(line -> line.startsWith("amalgam_memory_limit_bytes")).findFirst().orElseThrow();
            assertEquals(host.path("Memory").asDouble(), Double.parseDouble(limit.substring(limit.lastIndexOf(' '))), limit);
        }
    }

    @Test
    @Order(5)
    void nobodyComesInWithoutAKey() throws Exception {
        assertEquals(401, Server.status(at("recipe-service", "/api/merges")));
        assertEquals(200, Server.status(at("recipe-service", "/api/merges"), AUTHORIZATION));
    }

    @Test
    @Order(6)
    void aMergeAndItsEvaluationAreDone() throws Exception {
        awaitCompleted(submit("ties", "boolean_expressions", "navigation", "object_counting", "ordering", "web_of_lies"), true);
        for (String service : SERVICES) {
            System.out.printf("%s: after it, memory is %s%n", service,
                    engine("stats", "--no-stream", "--format", "{{.MemUsage}}", container(service)).succeeds().strip());
        }
    }

    /** Whatever a worker was at when it was told to stop, the next one ends it. */
    @Test
    @Order(7)
    void aWorkerThatIsToldToStopLeavesNothingUndone() throws Exception {
        String merge = submit("task-arithmetic");
        assertEndsInOrder("merge-worker");
        runUntilReady("merge-worker");
        awaitCompleted(merge, false);
    }

    @Test
    @Order(8)
    void everyServiceEndsInOrderWhenItIsToldTo() throws Exception {
        for (String service : SERVICES) {
            assertEndsInOrder(service);
        }
    }

    @Test
    @Order(9)
    void whatIsNotCovered() {
        System.out.println("""
                Not covered by test containers: the base is made of this machine's JDK and C library, so production's base \
                image has not been run; nothing is pushed to a registry; the network is the machine's own, and Kafka and \
                PostgreSQL are spoken to without TLS.""");
    }

    private static void assertEndsInOrder(String service) throws IOException, InterruptedException {
        engine("stop", "--time=75", container(service)).succeeds();
        JsonNode state = inspect(service).at("/State");
        assertEquals(TERMINATED, state.path("ExitCode").asInt(), () -> service + ": " + state);
        assertFalse(state.path("OOMKilled").asBoolean(), service);
        if (!service.equals("recipe-service")) {
            assertTrue(logs(service).contains("has drained"), service);
        }
    }

    private static String submit(String recipe, String... benchmarks) throws IOException, InterruptedException {
        ObjectNode order = new ObjectMapper().createObjectNode();
        order.put("recipe", Files.readString(Project.HOME.resolve("samples/recipes").resolve(recipe + ".yml")));
        order.put("name", recipe + " in containers").put("shardSize", "1MB");
        List.of(benchmarks).forEach(order.withArray("benchmarks")::add);
        return new ObjectMapper().readTree(
                Server.post(at("recipe-service", "/api/merges"), order.toString(), AUTHORIZATION)).get("id").asText();
    }

    private static void awaitCompleted(String merge, boolean evaluated) {
        await("merge " + merge).atMost(LIMIT).pollInterval(Duration.ofMillis(500)).until(() -> {
            JsonNode state = new ObjectMapper().readTree(
                    Server.get(at("recipe-service", "/api/merges/" + merge), AUTHORIZATION));
            if (List.of("failed", "cancelled").contains(state.path("state").asText())) {
                throw new AssertionError(state.toPrettyString());
            }
            return state.path("state").asText().equals("completed")
                    && (!evaluated || state.at("/evaluation/state").asText().equals("completed"));
        });
    }
}
