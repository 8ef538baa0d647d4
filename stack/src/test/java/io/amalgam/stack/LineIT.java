package io.amalgam.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.digest.Sha256;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The whole line with real processes, of which one is killed with work in its hands and another, the broker, in the
 * middle of it all: the artifact is completed once, and is to the byte what one process makes of the same recipe.
 */
@Timeout(value = 40, unit = TimeUnit.MINUTES)
class LineIT {
    private static final List<String> NAMES = List.of("base", "one", "two", "three");
    private static final long LEAST_BYTES = 2_000_000_000L;
    private static final String SHARD_SIZE = "40M";
    private static final Duration LIMIT = Duration.ofMinutes(20);

    private Path folder;
    private Path work;
    private Path models;
    private Process launcher;

    @BeforeEach
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "line");
        work = folder.resolve("work");
        models = folder.resolve("models");
    }

    @AfterEach
    void removeFolder() throws Exception {
        if (launcher != null) {
            launcher.destroy();
            launcher.waitFor(60, TimeUnit.SECONDS);
            launcher.destroyForcibly();
        }
        // Gigabytes: they go also when the test fails; the logs stay.
        for (Path large : List.of(models, work.resolve("store"), folder.resolve("one-process"))) {
            if (Files.exists(large)) {
                try (Stream<Path> files = Files.walk(large)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }

    @Test
    void aKilledWorkerAndARestartedBrokerChangeNoByte() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")),
                "the system test sees in /proc/<pid>/fd what a stopped worker holds; this system has no /proc");
        long bytes = 0;
        for (int i = 0; i < NAMES.size(); i++) {
            bytes += GeneratedModels.write(models.resolve(NAMES.get(i)), GeneratedModels.Shape.HALF_GIGABYTE, i);
        }
        assertTrue(bytes >= LEAST_BYTES, bytes + " bytes of models");
        Path recipe = Files.writeString(models.resolve("recipe.yml"), """
                models:
                  - model: one
                  - model: two
                  - model: three
                merge_method: ties
                base_model: base
                parameters:
                  density: 0.5
                  weight: 0.7
                dtype: bfloat16
                """);

        ServiceClient service = new ServiceClient(startLine());
        JsonNode merge = submit(service, recipe);
        String id = merge.path("id").asText();
        String artifact = merge.path("artifact").asText();

        String killed = killAWorkerThatHoldsAChunk(artifact);
        Map<String, ProcessHandle> before = Launcher.processes(work);
        before.get("broker").destroyForcibly();
        before.get("broker").onExit().get(30, TimeUnit.SECONDS);

        JsonNode ended = Merges.awaitEnd(service, id, LIMIT);
        assertEquals("completed", ended.path("state").asText(), ended.toPrettyString());
        assertTrue(ended.path("chunks").asInt() >= 8, ended.toPrettyString());
        assertEquals(ended.path("chunks").asInt(), ended.path("chunksDone").asInt());
        assertFalse(before.get("broker").pid() == Launcher.processes(work).get("broker").pid(), "the broker is another");
        assertEquals(1, terminalEvents(service, id), "terminal events");
        assertEquals(1, service.get("/api/merges").findValuesAsText("id").stream().filter(id::equals).count());

        Path made = work.resolve("store/artifacts").resolve(artifact);
        assertTrue(Files.isRegularFile(made.resolve("amalgam.json")));
        assertTrue(Files.isRegularFile(made.resolve(killed)), killed + " was made again by another worker");
        assertEquals(shardDigests(mergeInOneProcess(recipe)), shardDigests(made));
    }

    private URI startLine() throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        launcher = Launcher.start(output, Launcher.home(), "up", "--work", work.toString(), "--models", models.toString());
        Pattern address = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");
        long end = System.nanoTime() + LIMIT.toNanos();
        while (true) {
            String text = Files.readString(output);
            Matcher matcher = address.matcher(text);
            if (text.contains("Ctrl-C") && matcher.find()) {
                return URI.create(matcher.group());
            }
            assertTrue(launcher.isAlive() && System.nanoTime() < end, text);
            Thread.sleep(100);
        }
    }

    private static JsonNode submit(ServiceClient service, Path recipe) throws IOException, InterruptedException {
        ObjectNode order = service.object();
        order.put("recipe", Files.readString(recipe));
        order.put("name", "generated");
        order.put("shardSize", SHARD_SIZE);
        return service.post("/api/merges", order);
    }

    /**
     * Stops workers (SIGSTOP) until one is found that, stopped and therefore unable to get any further, has a shard open
     * in the artifact's staging folder of which there is no receipt; kills it (SIGKILL).
     *
     * @return the name of that shard
     */
    private String killAWorkerThatHoldsAChunk(String artifact) throws Exception {
        Path staging = work.resolve("store/.staging").resolve(artifact);
        long end = System.nanoTime() + LIMIT.toNanos();
        while (System.nanoTime() < end) {
            for (String name : List.of("merge-worker-1", "merge-worker-2")) {
                ProcessHandle worker = Launcher.processes(work).get(name);
                if (unfinishedShard(worker, staging).isEmpty()) {
                    continue;
                }
                signal("STOP", worker);
                Optional<String> shard = unfinishedShard(worker, staging);
                if (shard.isPresent()) {
                    assertFalse(Files.exists(staging.resolve("files").resolve(shard.get())), "the shard is not there yet");
                    worker.destroyForcibly();
                    worker.onExit().get(30, TimeUnit.SECONDS);
                    return shard.get();
                }
                signal("CONT", worker);
            }
        }
        throw new AssertionError("no worker was seen with an unfinished chunk");
    }

    /** The shard that a process has open for writing, by the name that it will have. */
    private static Optional<String> unfinishedShard(ProcessHandle process, Path staging) {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc", Long.toString(process.pid()), "fd"))) {
            for (Path descriptor : descriptors.toList()) {
                Path open = Files.readSymbolicLink(descriptor);
                Matcher shard = Pattern.compile("(model-\\d+-of-\\d+\\.safetensors)").matcher(open.getFileName().toString());
                if (open.startsWith(staging.resolve("scratch")) && shard.find()) {
                    return Optional.of(shard.group(1));
                }
            }
        } catch (IOException closedMeanwhile) {
            return Optional.empty();
        }
        return Optional.empty();
    }

    private static void signal(String name, ProcessHandle process) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).inheritIO().start().waitFor());
    }

    private static long terminalEvents(ServiceClient service, String id) throws IOException, InterruptedException {
        long count = 0;
        for (String type : service.get("/api/merges/" + id).path("events").findValuesAsText("type")) {
            if (Merges.ENDED.contains(type)) {
                count++;
            }
        }
        return count;
    }

    private Path mergeInOneProcess(Path recipe) throws Exception {
        Path output = folder.resolve("one-process");
        Launcher.Outcome outcome = Launcher.run(folder.resolve("merge-output"), models, LIMIT,
                "merge", recipe.toString(), output.toString(), "--out-shard-size", SHARD_SIZE);
        assertEquals(0, outcome.status(), outcome.output());
        return output;
    }

    private static Map<String, String> shardDigests(Path model) throws Exception {
        Map<String, String> digests = new TreeMap<>();
        List<Path> shards = new ArrayList<>();
        try (Stream<Path> files = Files.list(model)) {
            files.filter(file -> file.toString().endsWith(".safetensors")).forEach(shards::add);
        }
        for (Path shard : shards) {
            digests.put(shard.getFileName().toString(), Sha256.of(shard));
        }
        assertTrue(digests.size() >= 8, digests.toString());
        return digests;
    }
}
