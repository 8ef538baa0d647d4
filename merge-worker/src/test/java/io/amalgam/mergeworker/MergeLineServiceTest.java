package io.amalgam.mergeworker;

import static io.restassured.RestAssured.given;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.DeadLetter;
import io.amalgam.events.Event.MergeCancellationRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole service with a real broker: requests in, artifacts and events out. */
@QuarkusTest
@QuarkusTestResource(RealBroker.class)
@Timeout(180)
class MergeLineServiceTest {

    @ConfigProperty(name = "kafka.bootstrap.servers")
    String bootstrapServers;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    @ConfigProperty(name = "amalgam.store.root")
    Path storeRoot;

    @TempDir
    Path folder;

    private Line line;

    @BeforeEach
    void connect() throws InterruptedException {
        line = new Line(Map.of("bootstrap.servers", bootstrapServers), models, storeRoot);
        // The service makes the topics; what is published before would be refused.
        Line.await(() -> given().get("/q/health/ready").statusCode() == 200);
    }

    @AfterEach
    void disconnect() {
        line.close();
    }

    @Test
    void aRequestBecomesTheArtifactThatTheEngineAloneWouldMake() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.25, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        TraceContext trace = line.publish(request);

        MergeCompleted completed = assertInstanceOf(MergeCompleted.class, line.awaitEnd(request.merge()));
        Manifest alone = line.mergeWithoutLine(pinned, folder);
        Manifest made = line.store().manifest(pinned.artifactKey()).orElseThrow();
        assertEquals(alone, made);
        assertTrue(made.shards().size() >= 8, "chunks: " + made.shards().size());
        assertEquals("artifacts/" + pinned.artifactKey(), completed.location());

        Line.await(() -> line.received(Topics.ARTIFACTS).stream()
                .anyMatch(received -> received.event() instanceof ArtifactCompleted artifact
                        && artifact.merge().equals(request.merge())));
        ArtifactCompleted announced = line.events(
                Topics.ARTIFACTS, ArtifactCompleted.class, artifact -> artifact.merge().equals(request.merge())).getFirst();
        assertEquals(completed.manifestSha256(), announced.manifestSha256());
        assertEquals(
                List.of(ModelPlace.Role.ARTIFACT, ModelPlace.Role.PARENT, ModelPlace.Role.PARENT),
                announced.models().stream().map(ModelPlace::role).toList());
        assertEquals("ordering-expert", announced.models().get(1).location());
        assertEquals(List.of("ordering"), announced.benchmarks());

        MergeProgressed last = line.events(
                Topics.MERGES, MergeProgressed.class, event -> event.merge().equals(request.merge())).getLast();
        assertEquals(made.shards().size(), last.chunksDone());
        assertEquals(0, last.chunksRetried());
        for (Received received : line.received(Topics.MERGES)) {
            if (received.event() instanceof MergeCompleted end && end.merge().equals(request.merge())) {
                assertEquals(trace.traceId(), received.trace().traceId(), "the trace goes all the way");
            }
        }
    }

    @Test
    void everythingDeliveredTwiceGivesOneArtifactAndOneEnd() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.3, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        line.publish(request);
        line.publish(request);
        line.awaitEnd(request.merge());
        line.publish(request);
        for (ChunkRequested chunk : line.events(
                Topics.MERGE_CHUNKS, ChunkRequested.class, event -> event.merge().equals(request.merge()))) {
            line.publish(chunk);
        }
        for (ChunkCompleted result : line.events(
                Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals(request.merge()))) {
            line.publish(result);
        }
        // A later merge of the same partition's neighbours passes behind all of that.
        for (int attempt = 2; attempt < 6; attempt++) {
            MergeRequested again = Line.request(pinned, attempt);
            line.publish(again);
            assertInstanceOf(MergeCompleted.class, line.awaitEnd(again.merge()));
        }
        assertEquals(1, line.ends(request.merge()).size());
        assertEquals(line.mergeWithoutLine(pinned, folder), line.store().manifest(pinned.artifactKey()).orElseThrow());
    }

    @Test
    void aChunkThatIsDoneIsAnsweredFromItsReceipt() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.35, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergePlan plan = Planner.plan(pinned);
        ChunkSlice slice = plan.slice(1);
        String location = ArtifactStore.chunkLocation(plan.digest(), 1);
        line.store().put(location, PlanJson.write(slice));
        ChunkRequested chunk = new ChunkRequested(
                "merge-of-nobody", pinned.artifactKey(), plan.digest(), 1, plan.chunks().size(), location,
                pinned.numerics(), 1, 1, 1, 60, Instant.now());
        line.publish(chunk);
        Line.await(() -> results("merge-of-nobody").size() == 1);
        line.publish(chunk);
        Line.await(() -> results("merge-of-nobody").size() == 2);
        ChunkCompleted first = results("merge-of-nobody").getFirst();
        ChunkCompleted second = results("merge-of-nobody").getLast();
        assertFalse(first.reused());
        assertTrue(second.reused());
        assertEquals(first.sha256(), second.sha256());
        assertEquals("test-worker", first.worker());
        Set<String> ids = new HashSet<>();
        for (Received received : line.received(Topics.CHUNK_RESULTS)) {
            if (received.event() instanceof ChunkCompleted result && result.merge().equals("merge-of-nobody")) {
                ids.add(received.id());
            }
        }
        assertEquals(1, ids.size(), "a repetition carries the same id");
    }

    @Test
    void anotherMergeWithTheSameChunksReusesThem() throws Exception {
        String recipe = Line.recipe(0.4, "ordering-expert", "navigation-expert");
        PinnedRecipe plain = line.pin(recipe, Line.SHARD_BYTES);
        MergeRequested first = Line.request(plain, 1);
        line.publish(first);
        assertInstanceOf(MergeCompleted.class, line.awaitEnd(first.merge()));
        // Another seed is another artifact, but a mean draws no random numbers: its chunks are the same.
        PinnedRecipe seeded = line.pin(recipe, PlanOptions.service().withMaxShardBytes(Line.SHARD_BYTES).withRandomSeed(7L));
        assertNotEquals(plain.artifactKey(), seeded.artifactKey());
        MergeRequested second = Line.request(seeded, 1);
        line.publish(second);
        assertInstanceOf(MergeCompleted.class, line.awaitEnd(second.merge()));
        assertFalse(results(second.merge()).isEmpty());
        assertTrue(results(second.merge()).stream().allMatch(ChunkCompleted::reused));
        assertEquals(
                line.store().manifest(plain.artifactKey()).orElseThrow().shards(),
                line.store().manifest(seeded.artifactKey()).orElseThrow().shards());
    }

    @Test
    void poisonGoesToTheDeadLettersAndTheLineGoesOn() throws Exception {
        try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers), new StringSerializer(), new ByteArraySerializer())) {
            for (String topic : List.of("merge-requests", "merge-chunks", "chunk-results")) {
                ProducerRecord<String, byte[]> record = new ProducerRecord<>(
                        topic, "poison", ("{\"poison\": \"" + topic + "\"}").getBytes(StandardCharsets.UTF_8));
                record.headers().add("ce_type", "io.amalgam.MergeRequested".getBytes(StandardCharsets.UTF_8));
                producer.send(record).get();
            }
        }
        PinnedRecipe pinned = line.pin(Line.recipe(0.45, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        line.publish(request);
        assertInstanceOf(MergeCompleted.class, line.awaitEnd(request.merge()));
        Line.await(() -> line.events(Topics.DEAD_LETTERS, DeadLetter.class, letter -> true).size() >= 3);
        List<DeadLetter> letters = line.events(Topics.DEAD_LETTERS, DeadLetter.class, letter -> true);
        assertEquals(
                Set.of("merge-requests", "merge-chunks", "chunk-results"),
                Set.copyOf(letters.stream().map(DeadLetter::topic).toList()));
        for (DeadLetter letter : letters) {
            assertEquals("EVENT_INVALID", letter.code());
            assertEquals("MergeRequested lacks the field merge", letter.reason());
            assertTrue(letter.value().contains(letter.topic()));
        }
        given().get("/q/metrics").then().body(containsString("amalgam_dead_letters_total{code=\"EVENT_INVALID\""));
    }

    @Test
    void whatCannotBePlannedFailsWithItsReason() throws Exception {
        MergeRequested request = new MergeRequested(
                "merge-without-recipe", 1, "0".repeat(64), null, null, "pinned/nowhere.json", null, List.of(), 1,
                Instant.now());
        line.publish(request);
        MergeFailed failed = assertInstanceOf(MergeFailed.class, line.awaitEnd(request.merge()));
        assertEquals("NOT_FOUND", failed.code());
        assertTrue(failed.message().contains("pinned/nowhere.json"), failed.message());
    }

    @Test
    void aParentThatChangedFailsTheMergeWithItsName() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.5, "ordering-expert", "web-of-lies-expert"), Line.SHARD_BYTES);
        Files.setLastModifiedTime(
                models.resolve("web-of-lies-expert").resolve("config.json"), FileTime.from(Instant.now().plusSeconds(5)));
        MergeRequested request = Line.request(pinned, 1);
        line.publish(request);
        MergeFailed failed = assertInstanceOf(MergeFailed.class, line.awaitEnd(request.merge()));
        assertEquals("MODEL_CHANGED", failed.code());
        assertTrue(failed.message().contains("web-of-lies-expert"), failed.message());
        assertTrue(line.store().manifest(pinned.artifactKey()).isEmpty());
        assertFalse(line.events(
                Topics.CHUNK_RESULTS, ChunkFailed.class, event -> event.merge().equals(request.merge())).isEmpty());
    }

    @Test
    void aCancelledMergeEndsCancelledAndItsChunksAreLeftAlone() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.55, "ordering-expert", "navigation-expert"), 10_000);
        MergeRequested request = Line.request(pinned, 1);
        line.publish(request);
        line.publish(new MergeCancellationRequested(request.merge(), "somebody", "wrong recipe", Instant.now()));
        Event end = line.awaitEnd(request.merge());
        MergeCancelled cancelled = assertInstanceOf(MergeCancelled.class, end);
        assertEquals("somebody", cancelled.by());
        assertTrue(line.store().manifest(pinned.artifactKey()).isEmpty());
        // A new attempt at the same key is another merge, and completes.
        MergeRequested second = Line.request(pinned, 2);
        line.publish(second);
        assertInstanceOf(MergeCompleted.class, line.awaitEnd(second.merge()));
        assertEquals(List.of(cancelled), line.ends(request.merge()));
    }

    @Test
    void itSaysHowItIs() {
        given().get("/q/health/ready").then().statusCode(200).body("status", is("UP"));
        given().get("/q/health/live").then().statusCode(200).body("status", is("UP"));
        String metrics = given().get("/q/metrics").then().statusCode(200).extract().asString();
        for (String name : List.of(
                "amalgam_chunks_started_total", "amalgam_chunks_done_total",
                "amalgam_chunk_duration_seconds_bucket", "amalgam_read_bytes_total",
                "amalgam_written_bytes_total", "amalgam_coordinated_chunks", "amalgam_coordinated_merges",
                "amalgam_coordinated_quiet_seconds", "amalgam_work_held")) {
            assertTrue(metrics.contains(name), name);
        }
    }

    private List<ChunkCompleted> results(String merge) {
        return line.events(Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals(merge));
    }
}
