package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.AmalgamCommand;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactSigner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ChunkReceipt;
import io.amalgam.engine.store.Manifest;
import io.amalgam.engine.store.ModelSignature;
import io.amalgam.events.Event;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Real artifacts: their files over HTTP, and the command line that orders, watches and pulls them. */
@QuarkusTest
@WithTestResource(LineResource.class)
class ArtifactTest {

    @TestHTTPResource
    URI server;

    @Inject
    Broker broker;

    @Inject
    Database database;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    @TempDir
    Path folder;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
    }

    /** What a command did. */
    private record Outcome(int status, String out, String err) {
    }

    @Test
    void aFileIsSentWholeOrInRanges() throws Exception {
        Manifest manifest = complete(http.postYaml("/api/merges?shardSize=400KB", Recipes.linear(0.21)).json());
        ChunkReceipt shard = manifest.shards().getFirst();
        String path = "/api/artifacts/" + manifest.artifactKey() + "/files/" + shard.file();
        byte[] expected = content(manifest.artifactKey(), shard.file());

        Http.Answer whole = http.get(path);
        assertEquals(200, whole.status());
        assertArrayEquals(expected, whole.response().body());
        assertEquals('"' + shard.sha256() + '"', whole.header("ETag"));
        assertEquals("bytes", whole.header("Accept-Ranges"));
        int length = expected.length;
        for (int[] range : new int[][] {{0, 0}, {0, 9}, {5, length - 1}, {length - 1, length - 1}, {100, 70_000}}) {
            Http.Answer part = http.get(path, "Range", "bytes=" + range[0] + "-" + range[1]);
            assertEquals(206, part.status());
            assertEquals("bytes " + range[0] + "-" + range[1] + "/" + length, part.header("Content-Range"));
            assertArrayEquals(Arrays.copyOfRange(expected, range[0], range[1] + 1), part.response().body());
        }
        assertArrayEquals(Arrays.copyOfRange(expected, length - 7, length),
                http.get(path, "Range", "bytes=-7").response().body());
        assertArrayEquals(Arrays.copyOfRange(expected, length - 3, length),
                http.get(path, "Range", "bytes=" + (length - 3) + "-").response().body());
        assertEquals(206, http.get(path, "Range", "bytes=0-9", "If-Range", '"' + shard.sha256() + '"').status());
        assertEquals(200, http.get(path, "Range", "bytes=0-9", "If-Range", "\"other\"").status());
        assertEquals(304, http.get(path, "If-None-Match", '"' + shard.sha256() + '"').status());
        Http.Answer outside = http.get(path, "Range", "bytes=" + length + "-");
        assertEquals(416, outside.status());
        assertEquals("bytes */" + length, outside.header("Content-Range"));
        for (String ignored : List.of("lines=1-2", "bytes=9-3", "bytes=1-2,5-6", "bytes=-", "nonsense")) {
            assertEquals(200, http.get(path, "Range", ignored).status(), ignored);
        }
    }

    @Test
    void onlyWhatTheManifestListsCanBeHad() throws Exception {
        Manifest manifest = complete(http.postYaml("/api/merges", Recipes.linear(0.22)).json());
        String files = "/api/artifacts/" + manifest.artifactKey() + "/files/";
        assertEquals(200, http.get(files + "amalgam.json").status());
        for (String name : List.of("..%2Famalgam.json", "%2Fetc%2Fpasswd", "nothing.safetensors", ".hidden")) {
            assertEquals(404, http.get(files + name).status(), name);
        }
        JsonNode artifact = http.get("/api/artifacts/" + manifest.artifactKey()).json();
        for (JsonNode file : artifact.path("files")) {
            byte[] bytes = http.get(files + file.path("name").asText()).response().body();
            assertEquals(file.path("length").asLong(), bytes.length);
            assertEquals(file.path("sha256").asText(), sha256(bytes), file.toString());
        }
    }

    @Test
    void anArtifactThatNobodyWasToldOfIsAnnouncedByAnotherAttempt() throws Exception {
        JsonNode first = http.postYaml("/api/merges", Recipes.linear(0.265)).json();
        String artifact = first.path("artifact").asText();
        // Cancelled between the manifest and its announcement.
        RealArtifact.make(store, models, artifact);
        apply(new Event.MergeCancelled(first.path("id").asText(), artifact, "me", "", Events.at(2)));
        JsonNode second = http.postYaml("/api/merges", Recipes.linear(0.265)).json();
        assertEquals("STARTED", second.path("outcome").asText());
        assertEquals(2, second.path("attempt").asInt());
        complete(second);
        JsonNode third = http.postYaml("/api/merges", Recipes.linear(0.265)).json();
        assertEquals("COMPLETE", third.path("outcome").asText());
        assertEquals(second.path("id").asText(), third.path("id").asText());
    }

    @Test
    void anOrderForAnArtifactThatExistsIsAnsweredWithIt() throws Exception {
        JsonNode first = http.postYaml("/api/merges", Recipes.linear(0.23)).json();
        Manifest manifest = complete(first);
        Http.Answer second = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.23));
        assertEquals(200, second.status(), second.text());
        assertEquals("COMPLETE", second.json().path("outcome").asText());
        assertEquals(first.path("id").asText(), second.json().path("id").asText());
        assertTrue(second.header("Location").endsWith("/api/artifacts/" + manifest.artifactKey()));
        assertTrue(second.json().path("problems").toString().contains("ordering"), second.text());
        List<Event> told = new CopyOnWriteArrayList<>();
        try (LogReader artifacts = new LogReader(broker.connection(), Topics.ARTIFACTS, event -> told.add(event.event()))) {
            artifacts.start();
            await().atMost(Duration.ofSeconds(60)).until(() -> told.stream().anyMatch(event ->
                    event instanceof Event.ArtifactCompleted again && again.artifact().equals(manifest.artifactKey())
                            && again.benchmarks().equals(List.of("ordering"))));
        }
        assertEquals("ordering",
                http.get("/api/artifacts/" + manifest.artifactKey()).json().path("benchmarks").path(0).asText());
        Http.Answer third = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.23));
        assertEquals("[]", third.json().path("problems").toString(), "there is nothing new to ask");
        assertTrue(http.postYaml("/api/plans", Recipes.linear(0.23)).json().path("exists").asBoolean());
    }

    @Test
    void theEvaluationOfAMergeThatHasCompletedCanBeCancelled() throws Exception {
        JsonNode submission = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.26)).json();
        String artifact = complete(submission).artifactKey();
        apply(new Event.EvaluationTaskRequested(
                artifact, new Event.ModelPlace("a name", "artifact:" + artifact, "artifacts/" + artifact,
                        Event.ModelPlace.Role.ARTIFACT),
                "ordering", "digest", 0, 200, 200, 1, 1, 60, Events.at(5)));
        List<Event> requests = new CopyOnWriteArrayList<>();
        try (LogReader results =
                new LogReader(broker.connection(), Topics.EVALUATION_RESULTS, event -> requests.add(event.event()))) {
            results.start();
            Http.Answer answer = http.send(
                    "DELETE", "/api/merges/" + submission.path("id").asText() + "?reason=enough", null, null);
            assertEquals(200, answer.status(), answer.text());
            await().atMost(Duration.ofSeconds(60)).until(() -> requests.stream().anyMatch(event ->
                    event instanceof Event.EvaluationCancellationRequested request
                            && request.evaluation().equals(artifact) && request.reason().equals("enough")));
        }
        apply(new Event.EvaluationCancelled(artifact, artifact, List.of("ordering"), null, 1, "default", Events.at(6)));
        assertEquals("cancelled", http.get("/api/merges/" + submission.path("id").asText()).json()
                .path("evaluation").path("state").asText());

        // Asked for more, the evaluation runs again, and its new end counts.
        http.postYaml("/api/merges?benchmarks=ordering,navigation", Recipes.linear(0.26));
        JsonNode running = http.get("/api/merges/" + submission.path("id").asText()).json();
        assertEquals("running", running.path("evaluation").path("state").asText());
        assertEquals(2, running.path("benchmarks").size());
        apply(new Event.EvaluationCompleted(artifact, artifact, List.of("ordering", "navigation"), null, 2, Instant.now()));
        assertEquals("completed", http.get("/api/merges/" + submission.path("id").asText()).json()
                .path("evaluation").path("state").asText());
    }

    @Test
    void anEvaluationThatFailedIsOrderedAgainWithTheSameBenchmarks() throws Exception {
        JsonNode submission = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.27)).json();
        String artifact = complete(submission).artifactKey();
        String merge = submission.path("id").asText();
        http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.27));
        List<Event.ArtifactCompleted> told = new CopyOnWriteArrayList<>();
        try (LogReader artifacts = new LogReader(broker.connection(), Topics.ARTIFACTS, received -> {
            if (received.event() instanceof Event.ArtifactCompleted event && event.artifact().equals(artifact)) {
                told.add(event);
            }
        })) {
            artifacts.start();
            for (int attempt = 1; attempt <= 2; attempt++) {
                apply(new Event.EvaluationFailed(artifact, artifact, List.of("ordering"), merge, attempt,
                        "SOURCE_UNAVAILABLE", "model base cannot be read", Instant.now()));
                assertEquals("failed", evaluationOf(merge), "after attempt " + attempt);

                Http.Answer again = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.27));
                int next = attempt + 1;
                assertTrue(again.json().path("problems").toString().contains("attempt " + next), again.text());
                assertEquals("running", evaluationOf(merge));
                await().atMost(Duration.ofSeconds(60)).until(() -> told.stream().anyMatch(event ->
                        event.evaluationAttempt() == next && event.benchmarks().equals(List.of("ordering"))));
                Http.Answer meanwhile = http.postYaml("/api/merges?benchmarks=ordering", Recipes.linear(0.27));
                assertEquals("[]", meanwhile.json().path("problems").toString(), "it runs already");
            }
            apply(new Event.EvaluationCompleted(artifact, artifact, List.of("ordering"), merge, 3, Instant.now()));
            assertEquals("completed", evaluationOf(merge));
        }
    }

    private String evaluationOf(String merge) throws Exception {
        return http.get("/api/merges/" + merge).json().path("evaluation").path("state").asText();
    }

    @Test
    void theCommandLineOrdersWatchesShowsAndPulls() throws Exception {
        Path recipe = Files.writeString(folder.resolve("navigator.yml"), Recipes.linear(0.24));
        Outcome submitted = run("submit", recipe.toString(), "--shard-size", "300KB");
        assertEquals(0, submitted.status(), submitted.err());
        String id = submitted.out().split("\\s+")[1];
        JsonNode merge = http.get("/api/merges/" + id).json();
        assertEquals("navigator", merge.path("name").asText());
        Outcome listed = run("list", "--state", "requested");
        assertTrue(listed.out().contains(id), listed.out());

        Manifest manifest = complete(merge);
        Outcome watched = run("watch", id);
        assertEquals(0, watched.status(), watched.out() + watched.err());
        assertTrue(watched.out().contains(manifest.artifactKey()), watched.out());
        Outcome shown = run("show", manifest.artifactKey());
        assertTrue(shown.out().contains("model.safetensors.index.json"), shown.out());
        assertEquals(0, run("leaderboard").status());

        Path target = folder.resolve("pulled");
        // What an interrupted download leaves behind: a file's beginning.
        ChunkReceipt shard = manifest.shards().getFirst();
        Files.createDirectories(target);
        byte[] bytes = content(manifest.artifactKey(), shard.file());
        Files.write(target.resolve(shard.file() + ".part"), Arrays.copyOf(bytes, 1000));
        Outcome pulled = run("pull", id, target.toString());
        assertEquals(0, pulled.status(), pulled.err());
        for (ChunkReceipt each : manifest.shards()) {
            assertEquals(each.sha256(), sha256(Files.readAllBytes(target.resolve(each.file()))));
        }
        assertArrayEquals(content(manifest.artifactKey(), "amalgam.json"),
                Files.readAllBytes(target.resolve("amalgam.json")));
        try (var files = Files.list(target)) {
            assertTrue(files.noneMatch(file -> file.toString().endsWith(".part")));
        }
        assertEquals(0, run("pull", id, target.toString()).status(), "a whole one is left as it is");
    }

    @Test
    void pullingMendsDamageAndLeavesForeignFoldersAlone() throws Exception {
        Manifest manifest = complete(http.postYaml("/api/merges", Recipes.linear(0.25)).json());
        Path target = Files.createDirectories(folder.resolve("damaged"));
        String shard = manifest.shards().getFirst().file();
        byte[] bytes = content(manifest.artifactKey(), shard);
        bytes[bytes.length / 2] ^= 1;
        Files.write(target.resolve(shard), bytes);
        assertEquals(0, run("pull", manifest.artifactKey(), target.toString()).status());
        assertEquals(manifest.shards().getFirst().sha256(), sha256(Files.readAllBytes(target.resolve(shard))));

        Path foreign = Files.createDirectories(folder.resolve("foreign"));
        Files.writeString(foreign.resolve("thesis.tex"), "irreplaceable");
        Outcome refused = run("pull", manifest.artifactKey(), foreign.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.err().contains("OUTPUT_NOT_EMPTY") && refused.err().contains("thesis.tex"), refused.err());
        try (var files = Files.list(foreign)) {
            assertEquals(1, files.count());
        }
    }

    @Test
    void aSignatureComesWithItsArtifactAndIsVerified() throws Exception {
        Manifest manifest = complete(http.postYaml("/api/merges", Recipes.linear(0.28)).json());
        String artifact = manifest.artifactKey();
        Path key = signingKey("key.pem");
        Path publicKey = Files.writeString(folder.resolve("public.pem"), ModelSignature.publicKeyPem(key));
        Path unsigned = folder.resolve("unsigned");
        Outcome refused = run("pull", artifact, unsigned.toString(), "--verify", publicKey.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.err().contains("SIGNATURE_INVALID"), refused.err());
        assertFalse(Files.exists(unsigned));

        Files.write(Path.of(store.artifactLocation(artifact)).resolve(ArtifactSigner.FILE),
                ModelSignature.withKey(key).sign(manifest, content(artifact, Manifest.FILE)));
        Path target = folder.resolve("signed");
        Outcome pulled = run("pull", artifact, target.toString());
        assertEquals(0, pulled.status(), pulled.err());
        assertTrue(pulled.out().contains("model_signing verify key") && pulled.out().contains("--verify"), pulled.out());
        assertArrayEquals(content(artifact, ArtifactSigner.FILE), Files.readAllBytes(target.resolve(ArtifactSigner.FILE)));
        Outcome verified = run("pull", artifact, target.toString(), "--verify", publicKey.toString());
        assertEquals(0, verified.status(), verified.err());
        assertTrue(verified.out().contains("signed with the key"), verified.out());

        Path another = Files.writeString(
                folder.resolve("another.pem"), ModelSignature.publicKeyPem(signingKey("another-key.pem")));
        Path forged = folder.resolve("forged");
        Outcome refusedToo = run("pull", artifact, forged.toString(), "--verify", another.toString());
        assertEquals(1, refusedToo.status());
        assertTrue(refusedToo.err().contains("SIGNATURE_INVALID"), refusedToo.err());
        assertFalse(Files.exists(forged.resolve(manifest.shards().getFirst().file())), "no weights before the signature");
    }

    private Path signingKey(String name) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return Files.writeString(folder.resolve(name), "-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder().encodeToString(generator.generateKeyPair().getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n");
    }

    @Test
    void theCommandLineTellsWhatWentWrongAndExitsAccordingly() throws Exception {
        Path recipe = Files.writeString(folder.resolve("bad.yml"), Recipes.linear(1).replace("linear", "liner"));
        Outcome refused = run("submit", recipe.toString());
        assertEquals(1, refused.status());
        assertTrue(refused.err().contains("METHOD_UNKNOWN") && refused.err().contains("bad.yml:1"), refused.err());

        JsonNode merge = http.postYaml("/api/merges", Recipes.linear(0.26)).json();
        apply(new Event.MergeCancelled(merge.path("id").asText(), merge.path("artifact").asText(), "me", "", Events.at(1)));
        assertEquals(4, run("watch", merge.path("id").asText()).status());
        JsonNode second = http.postYaml("/api/merges", Recipes.linear(0.26)).json();
        apply(new Event.MergeFailed(second.path("id").asText(), second.path("artifact").asText(), "STALLED", "stood",
                Events.at(2)));
        Outcome failed = run("watch", second.path("id").asText(), "--json");
        assertEquals(1, failed.status());
        assertTrue(failed.out().lines().allMatch(line -> line.startsWith("{")), failed.out());
        assertTrue(failed.out().contains("STALLED"), failed.out());
        assertEquals(1, run("show", UUID.randomUUID().toString()).status());

        Outcome away = execute("list", "--server", "http://127.0.0.1:1");
        assertEquals(3, away.status());
        assertTrue(away.err().contains("SERVICE_UNAVAILABLE"), away.err());
    }

    /** Does the workers' part of a merge and tells the projection. */
    private Manifest complete(JsonNode submission) throws IOException {
        String artifact = submission.path("artifact").asText();
        Manifest manifest = RealArtifact.make(store, models, artifact);
        String digest = sha256(content(artifact, Manifest.FILE));
        String id = submission.path("id").asText();
        apply(new Event.MergeCompleted(id, artifact, "artifacts/" + artifact, digest, Events.at(3)));
        apply(new Event.ArtifactCompleted(artifact, id, "a name", "linear", "artifacts/" + artifact, digest,
                manifest.totalSize(), List.of(), List.of(), 1, Events.at(4)));
        return manifest;
    }

    private void apply(Event event) {
        Projections.apply(database, projector, event);
    }

    private byte[] content(String artifact, String file) throws IOException {
        try (RangeReader reader = store.openArtifactFile(artifact, file)) {
            byte[] bytes = new byte[Math.toIntExact(reader.length())];
            reader.read(0, MemorySegment.ofArray(bytes));
            return bytes;
        }
    }

    private Outcome run(String... arguments) {
        String[] all = Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--server";
        all[arguments.length + 1] = server.toString();
        return execute(all);
    }

    private static Outcome execute(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine = AmalgamCommand.commandLine()
                .setOut(new PrintWriter(out))
                .setErr(new PrintWriter(err));
        return new Outcome(commandLine.execute(arguments), out.toString(), err.toString());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
