package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventRoute;
import io.amalgam.events.Identifiers;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Orders: started, joined, attempted again, cancelled; with a real broker, database, store and real models. */
@QuarkusTest
@WithTestResource(LineResource.class)
class SubmissionTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    Projector projector;

    @Inject
    Broker broker;

    @Inject
    ArtifactStore store;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
    }

    @Test
    void anAcceptedOrderIsPinnedPublishedAndShown() throws Exception {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        Http.Answer answer = http.send("POST", "/api/merges?name=first&benchmarks=boolean_expressions,navigation",
                "application/yaml", Recipes.linear(0.11), "traceparent", trace);
        assertEquals(202, answer.status(), answer.text());
        JsonNode submission = answer.json();
        String id = submission.path("id").asText();
        String artifact = submission.path("artifact").asText();
        assertEquals("STARTED", submission.path("outcome").asText());
        assertEquals(Identifiers.merge(artifact, 1), id);
        assertTrue(answer.header("Location").endsWith("/api/merges/" + id), answer.header("Location"));
        assertTrue(submission.path("cost").path("bytesToWrite").asLong() > 1_000_000, answer.text());

        PinnedRecipe pinned = PlanJson.read(
                store.get(ArtifactStore.pinnedLocation(artifact), 1 << 24).orElseThrow(), PinnedRecipe.class);
        assertEquals(artifact, pinned.artifactKey());
        assertEquals(500_000_000L, pinned.options().maxShardBytes());

        EventCodec.Received published = published(id).getFirst();
        Event.MergeRequested event = (Event.MergeRequested) published.event();
        assertEquals(ArtifactStore.pinnedLocation(artifact), event.pinned());
        assertEquals(List.of("boolean_expressions", "navigation"), event.benchmarks());
        assertEquals("first", event.name());
        assertEquals("linear", event.method());
        assertEquals("0af7651916cd43dd8448eb211c80319c", published.trace().traceId());

        JsonNode merge = http.get("/api/merges/" + id).json();
        assertEquals("requested", merge.path("state").asText());
        assertEquals(1, merge.path("lastEvent").asInt());
        assertTrue(http.get("/api/merges?limit=200").text().contains(id));
    }

    @Test
    void theSameOrderJoinsWhileTheMergeRuns() throws Exception {
        Http.Answer first = http.postYaml("/api/merges", Recipes.linear(0.12));
        Http.Answer second = http.postJson("/api/merges",
                Map.of("recipe", "# a comment changes nothing\n" + Recipes.linear(0.12), "name", "another name"));
        assertEquals(202, second.status(), second.text());
        assertEquals("JOINED", second.json().path("outcome").asText());
        assertEquals(first.json().path("id").asText(), second.json().path("id").asText());
        assertEquals(1, published(first.json().path("id").asText()).size());
    }

    @Test
    void ordersAtTheSameTimeMakeOneMerge() throws Exception {
        List<Future<Http.Answer>> answers = new ArrayList<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int client = 0; client < 12; client++) {
                answers.add(clients.submit(() -> http.postYaml("/api/merges", Recipes.linear(0.13))));
            }
        }
        List<String> outcomes = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (Future<Http.Answer> answer : answers) {
            outcomes.add(answer.get().json().path("outcome").asText());
            ids.add(answer.get().json().path("id").asText());
        }
        assertEquals(1, outcomes.stream().filter("STARTED"::equals).count(), outcomes.toString());
        assertEquals(11, outcomes.stream().filter("JOINED"::equals).count(), outcomes.toString());
        assertEquals(1, ids.stream().distinct().count());
        assertEquals(1, published(ids.getFirst()).size());
    }

    @Test
    void afterAFailureOrCancellationANewAttemptIsMade() throws Exception {
        JsonNode first = http.postYaml("/api/merges", Recipes.linear(0.14)).json();
        String artifact = first.path("artifact").asText();
        apply(new Event.MergeFailed(first.path("id").asText(), artifact, "STALLED", "no progress", Events.at(1)));
        JsonNode second = http.postYaml("/api/merges", Recipes.linear(0.14)).json();
        assertEquals("STARTED", second.path("outcome").asText());
        assertEquals(2, second.path("attempt").asInt());
        assertEquals(Identifiers.merge(artifact, 2), second.path("id").asText());
        apply(new Event.MergeCancelled(second.path("id").asText(), artifact, "me", "", Events.at(2)));
        JsonNode third = http.postYaml("/api/merges", Recipes.linear(0.14)).json();
        assertEquals(3, third.path("attempt").asInt());
        assertEquals(1, published(third.path("id").asText()).size());
        assertEquals("failed", http.get("/api/merges/" + first.path("id").asText()).json().path("state").asText());
    }

    @Test
    void whatDecidesTheOutputMakesAnotherArtifact() throws Exception {
        String plain = http.postJson("/api/plans", Map.of("recipe", Recipes.linear(0.15))).json()
                .path("artifact").asText();
        assertNotEquals("", plain);
        for (Map<String, Object> option : List.<Map<String, Object>>of(
                Map.of("seed", 7), Map.of("shardSize", "200KB"))) {
            Map<String, Object> order = new HashMap<>(option);
            order.put("recipe", Recipes.linear(0.15));
            assertNotEquals(plain, http.postJson("/api/plans", order).json().path("artifact").asText());
        }
        assertEquals(plain, http.postJson("/api/plans", Map.of("recipe", Recipes.linear(0.15), "name", "other",
                "benchmarks", List.of("ordering"))).json().path("artifact").asText());
    }

    @Test
    void aFailedMergeIsTriedAgainFromItsPinnedRecipe() throws Exception {
        Http.Answer first = http.send("POST", "/api/merges?name=again&benchmarks=navigation", "application/yaml",
                Recipes.linear(0.19));
        String id = first.json().path("id").asText();
        String artifact = first.json().path("artifact").asText();
        Http.Answer running = http.send("POST", "/api/merges/" + id + "/retry", null, null);
        assertEquals(409, running.status(), running.text());
        apply(new Event.MergeFailed(id, artifact, "WORKER_LOST", "three workers died", Events.at(9)));
        for (String outcome : List.of("STARTED", "JOINED")) {
            Http.Answer again = http.send("POST", "/api/merges/" + id + "/retry", null, null);
            assertEquals(202, again.status(), again.text());
            assertEquals(outcome, again.json().path("outcome").asText());
            assertEquals(Identifiers.merge(artifact, 2), again.json().path("id").asText());
        }
        List<EventCodec.Received> requests = published(Identifiers.merge(artifact, 2));
        assertEquals(1, requests.size());
        Event.MergeRequested request = (Event.MergeRequested) requests.getFirst().event();
        assertEquals(2, request.attempt());
        assertEquals("again", request.name());
        assertEquals("linear", request.method());
        assertEquals(List.of("navigation"), request.benchmarks());
        assertEquals(ArtifactStore.pinnedLocation(artifact), request.pinned());
        assertEquals(404, http.send("POST", "/api/merges/" + Identifiers.merge(artifact, 9) + "/retry", null, null).status());
    }

    @Test
    void aPlanTellsWhatAMergeWouldTakeAndStartsNothing() throws Exception {
        Http.Answer answer = http.postYaml("/api/plans?shardSize=200KB", Recipes.linear(0.16));
        assertEquals(200, answer.status());
        JsonNode plan = answer.json();
        assertTrue(plan.path("accepted").asBoolean(), answer.text());
        assertTrue(plan.path("cost").path("chunks").asInt() >= 8, answer.text());
        assertEquals(2, plan.path("models").size());
        assertFalse(plan.path("exists").asBoolean());
        assertFalse(http.get("/api/merges?limit=200").text().contains(plan.path("artifact").asText()));
    }

    @Test
    void cancellingIsPublishedOnceAndIdempotent() throws Exception {
        String id = http.postYaml("/api/merges", Recipes.linear(0.17)).json().path("id").asText();
        Http.Answer first = http.send("DELETE", "/api/merges/" + id + "?reason=enough", null, null);
        assertEquals(202, first.status(), first.text());
        assertEquals("enough", first.json().path("cancellation").path("reason").asText());
        assertEquals("requested", first.json().path("state").asText(), "only a coordinator ends a merge");
        Event event = published(id).getLast().event();
        assertEquals("enough", ((Event.MergeCancellationRequested) event).reason());
        apply(new Event.MergeCancelled(id, "", "me", "enough", Events.at(2)));
        Http.Answer second = http.send("DELETE", "/api/merges/" + id, null, null);
        assertEquals(200, second.status());
        assertEquals("cancelled", second.json().path("state").asText());
    }

    @Test
    void metricsTellTheLinesState() throws Exception {
        assertEquals(202, http.postYaml("/api/merges", Recipes.linear(0.18)).status());
        await().atMost(PATIENCE).until(() -> http.get("/q/metrics").text().lines()
                .anyMatch(line -> line.startsWith("amalgam_merges{") && line.contains("state=\"requested\"")
                        && !line.endsWith(" 0.0")));
        String metrics = http.get("/q/metrics").text();
        assertTrue(metrics.contains("amalgam_merge_backlog "), metrics);
        assertTrue(metrics.contains("amalgam_merge_requests_total{outcome=\"started\"}"), metrics);
    }

    private void apply(Event event) {
        Projections.apply(database, projector, event);
    }

    /** What the topic of requests has of a merge. */
    private List<EventCodec.Received> published(String merge) {
        int partition = EventRoute.partition(Topics.MERGE_REQUESTS, merge);
        TopicPartition place = new TopicPartition(Topics.MERGE_REQUESTS.name(), partition);
        List<EventCodec.Received> found = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                broker.connection(), new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(place));
            consumer.seekToBeginning(List.of(place));
            long end = consumer.endOffsets(List.of(place)).get(place);
            while (consumer.position(place) < end) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    if (record.key().equals(merge)) {
                        assertNotNull(EventCodec.text(record.headers(), "ce_id"));
                        found.add((EventCodec.Received) EventCodec.decode(record));
                    }
                }
            }
        }
        return found;
    }
}
