package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactDeleted;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.merge.Retention;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What nobody uses can be deleted, what somebody uses cannot, and room that is promised is counted. */
@QuarkusTest
@WithTestResource(LineResource.class)
class DeletionTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    @Inject
    Broker broker;

    @Inject
    Retention retention;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    @ConfigProperty(name = "amalgam.store.root")
    Path storeRoot;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
    }

    private void apply(Event event) {
        Projections.apply(database, projector, event);
    }

    private String complete(JsonNode submission, Instant at, Event.ModelPlace... parents) throws Exception {
        String artifact = submission.path("artifact").asText();
        Manifest manifest = RealArtifact.make(store, models, artifact);
        String id = submission.path("id").asText();
        apply(new Event.MergeCompleted(id, artifact, "artifacts/" + artifact, "digest", at));
        List<Event.ModelPlace> all = new ArrayList<>(List.of(parents));
        all.add(new Event.ModelPlace("own", "artifact:" + artifact, "artifacts/" + artifact, Event.ModelPlace.Role.ARTIFACT));
        apply(new Event.ArtifactCompleted(artifact, id, "a name", "linear", "artifacts/" + artifact, "digest",
                manifest.totalSize(), all, List.of(), 1, at));
        return artifact;
    }

    private String make(double weight) throws Exception {
        return complete(http.postYaml("/api/merges", Recipes.linear(weight)).json(), Events.at(3));
    }

    private Http.Answer delete(String artifact) throws Exception {
        return http.send("DELETE", "/api/artifacts/" + artifact, null, null);
    }

    private void refused(String artifact, String why) throws Exception {
        Http.Answer answer = delete(artifact);
        assertEquals(409, answer.status(), answer.text());
        assertEquals("CONFLICT", answer.json().path("code").asText());
        assertTrue(answer.json().path("detail").asText().contains(why), answer.text());
        assertTrue(store.manifest(artifact).isPresent());
    }

    @Test
    void whatNobodyUsesIsDeletedAndToldOf() throws Exception {
        String artifact = make(0.71);
        apply(Events.score(artifact, "x", Event.ModelPlace.Role.ARTIFACT, "ordering", 0.5));
        apply(new Event.EvaluationCompleted(artifact, artifact, List.of("ordering"), null, 1, Events.at(7)));
        List<Event> told = new CopyOnWriteArrayList<>();
        try (LogReader reader = new LogReader(broker.connection(), Topics.ARTIFACTS, received -> told.add(received.event()))) {
            reader.start();
            assertEquals(204, delete(artifact).status());
            await().atMost(Duration.ofSeconds(60)).until(() -> told.stream()
                    .anyMatch(event -> event instanceof ArtifactDeleted deleted && deleted.artifact().equals(artifact)));
        }
        assertEquals(404, http.get("/api/artifacts/" + artifact).status());
        assertTrue(store.manifest(artifact).isEmpty());
        assertEquals(404, delete(artifact).status());
        assertFalse(http.get("/api/leaderboard").text().contains(artifact));
        // It can be made again, by a new attempt.
        JsonNode again = http.postYaml("/api/merges", Recipes.linear(0.71)).json();
        assertEquals("STARTED", again.path("outcome").asText());
        assertEquals(artifact, complete(again, Events.at(9)));
        assertEquals(200, http.get("/api/artifacts/" + artifact).status());
    }

    @Test
    void aParentOfAnotherArtifactStays() throws Exception {
        String parent = make(0.72);
        String child = complete(http.postYaml("/api/merges", Recipes.linear(0.73)).json(), Events.at(4),
                new Event.ModelPlace("p", "artifact:" + parent, "artifact://" + parent, Event.ModelPlace.Role.PARENT));
        refused(parent, "parent of artifact " + child);
        assertEquals(204, delete(child).status());
        assertEquals(204, delete(parent).status());
    }

    @Test
    void whatAnOpenMergeReadsStays() throws Exception {
        String parent = make(0.74);
        JsonNode reader = http.postYaml("/api/merges", Recipes.linear(0.75).replace("navigation-expert", "artifact://" + parent)).json();
        assertEquals("STARTED", reader.path("outcome").asText(), reader.toString());
        refused(parent, "read by merge " + reader.path("id").asText());
        apply(new Event.MergeCancelled(reader.path("id").asText(), reader.path("artifact").asText(), "me", "", Events.at(5)));
        assertEquals(204, delete(parent).status());
        Http.Answer late = http.postYaml("/api/merges", Recipes.linear(0.76).replace("navigation-expert", "artifact://" + parent));
        assertEquals(422, late.status(), late.text());
    }

    @Test
    void whatIsBeingEvaluatedStays() throws Exception {
        String artifact = make(0.77);
        Event.ModelPlace place = new Event.ModelPlace("own", "artifact:" + artifact, "artifacts/" + artifact, Event.ModelPlace.Role.ARTIFACT);
        apply(new Event.EvaluationTaskRequested(artifact, place, "ordering", "digest", 0, 100, 100, 1, 1, 60, Events.at(5)));
        refused(artifact, "being evaluated");
        apply(new Event.EvaluationCompleted(artifact, artifact, List.of("ordering"), null, 1, Events.at(6)));
        assertEquals(204, delete(artifact).status());
    }

    @Test
    void anArtifactThatOnlyTheStoreKnowsIsShown() throws Exception {
        JsonNode submission = http.postYaml("/api/merges", Recipes.linear(0.78)).json();
        String artifact = submission.path("artifact").asText();
        Manifest manifest = RealArtifact.make(store, models, artifact);
        JsonNode shown = http.get("/api/artifacts/" + artifact).json();
        assertEquals(artifact, shown.path("id").asText());
        assertEquals(manifest.shards().size() + manifest.files().size() + 1, shown.path("files").size());
        assertEquals("navigation-expert", shown.path("models").get(0).path("name").asText());
        assertEquals(404, http.get("/api/artifacts/" + "0".repeat(64)).status());
    }

    @Test
    void roomThatRunningMergesHaveBeenPromisedIsCounted() throws Exception {
        JsonNode running = http.postYaml("/api/merges", Recipes.linear(0.79)).json();
        database.transaction(connection -> promise(connection, running.path("id").asText(), Long.MAX_VALUE / 4));
        try {
            Http.Answer refused = http.postYaml("/api/merges", Recipes.linear(0.80));
            assertEquals(507, refused.status(), refused.text());
            assertEquals("STORAGE_FULL", refused.json().path("code").asText());
        } finally {
            apply(new Event.MergeCancelled(running.path("id").asText(), running.path("artifact").asText(), "me", "", Events.at(5)));
        }
        assertEquals("STARTED", http.postYaml("/api/merges", Recipes.linear(0.80)).json().path("outcome").asText());
        // The cancellation is on no topic: where a later test rebuilds the projection, the merge is open again.
        database.transaction(connection -> promise(connection, running.path("id").asText(), 0));
    }

    private static int promise(Connection connection, String merge, long bytes) throws SQLException {
        return Sql.update(connection, "update owned.merge_attempt set bytes = ? where merge = ?", bytes, UUID.fromString(merge));
    }

    @Test
    void retentionDeletesWhatIsOldAndSweepsWhatNobodyCarriesOn() throws Exception {
        // The test's settings keep artifacts of a tenant for 30 days; events of tests are of a year long gone.
        String old = make(0.81);
        String fresh = complete(http.postYaml("/api/merges", Recipes.linear(0.82)).json(), Instant.now());
        Path remains = Files.createDirectories(storeRoot.resolve(".staging/" + "e".repeat(64) + "/files"));
        Files.write(remains.resolve("model.safetensors"), new byte[100]);
        try (Stream<Path> tree = Files.walk(remains.getParent())) {
            for (Path path : tree.toList()) {
                Files.setLastModifiedTime(path, FileTime.from(Instant.now().minus(Duration.ofDays(3))));
            }
        }
        database.transaction(connection -> Sql.update(connection, "update owned.housekeeping set due_at = now() - interval '1 s'"));
        // Whoever comes first does it: this call, or the service's own clockwork.
        retention.run();
        await().atMost(Duration.ofSeconds(60)).until(() -> store.manifest(old).isEmpty() && !Files.exists(remains));
        assertTrue(store.manifest(fresh).isPresent());
        assertFalse(retention.run(), "it is not due again");
    }
}
