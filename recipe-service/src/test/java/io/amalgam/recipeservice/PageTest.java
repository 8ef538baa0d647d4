package io.amalgam.recipeservice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ModelPlace.Role;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pages as they come from the server, and the leaderboard's arithmetic behind them. */
@QuarkusTest
@WithTestResource(LineResource.class)
class PageTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    ObjectMapper mapper;

    private Http http;

    @BeforeEach
    void ready() {
        // Lists show the newest of everything: what other tests left would be among it.
        schema.ensure();
        new ProjectionSchema(database, true).ensure();
        http = new Http(server);
    }

    @Test
    void everyPageIsThereAndForbidsForeignScripts() throws Exception {
        List<Event> life = ProjectionTest.life("paged");
        apply(life);
        String id = ((Event.MergeRequested) life.getFirst()).merge();
        for (String path : List.of("/", "/merges/" + id, "/artifacts", "/artifacts/paged", "/leaderboard")) {
            Http.Answer page = http.get(path);
            assertEquals(200, page.status(), path + page.text());
            assertTrue(page.header("Content-Security-Policy").contains("default-src 'self'"));
            assertTrue(page.text().contains("name of paged"), path + page.text());
            assertFalse(page.text().contains("<script>"), path);
            assertFalse(page.text().contains(" style="), path);
        }
        for (String path : List.of("/new", "/new?method=ties", "/compare", "/compare?first=none&second=none", "/lineage",
                "/workers", "/triggers", "/dead-letters", "/?state=failed", "/?state=unheard-of", "/?before=never")) {
            Http.Answer page = http.get(path);
            assertEquals(200, page.status(), path + page.text());
            assertFalse(page.text().contains(" style="), path);
        }
        for (String path : List.of("/static/amalgam.js", "/static/amalgam.css", "/static/icon.svg")) {
            assertEquals(200, http.get(path).status(), path);
        }
        assertEquals(404, http.get("/merges/" + UUID.randomUUID()).status());
        assertEquals(404, http.get("/artifacts/none").status());
    }

    @Test
    void whatPeopleWriteIsShownAsText() throws Exception {
        Event.MergeRequested plain = Events.requested("hostile", 1);
        Event.MergeRequested hostile = new Event.MergeRequested(plain.merge(), 1, plain.artifact(),
                "<script>alert(1)</script>\"'", "linear", plain.pinned(), "default", List.of(), 1, Instant.now());
        apply(List.of(hostile));
        for (String path : List.of("/", "/merges/" + plain.merge())) {
            String page = http.get(path).text();
            assertFalse(page.contains("<script>alert"), page);
            assertTrue(page.contains("&lt;script&gt;alert(1)"), page);
        }
    }

    @Test
    void theLeaderboardRanksByAverageAndComparesWithTheBestParent() throws Exception {
        Event.MergeRequested request = Events.requested("ranked", 1, "one-task", "other-task");
        apply(List.of(request, Events.completed(request), Events.artifact(request, Events.parent("weak"),
                Events.parent("strong"))));
        for (String task : List.of("one-task", "other-task")) {
            apply(List.of(
                    Events.score("ranked", request.name(), Role.ARTIFACT, task, 0.8),
                    Events.score("ranked", "weak", Role.PARENT, task, 0.5),
                    Events.score("ranked", "strong", Role.PARENT, task, 0.7),
                    Events.compared("ranked", "weak", task, 0.3),
                    Events.compared("ranked", "strong", task, 0.1)));
        }
        apply(List.of(Events.score("ranked", "partial", Role.BASE, "one-task", 0.99)));
        var board = http.get("/api/leaderboard?artifact=ranked&tasks=one-task,other-task").json();
        assertEquals(List.of(request.name(), "strong", "weak", "partial"),
                board.path("rows").findValuesAsText("name"));
        var first = board.path("rows").get(0);
        assertEquals(0.8, first.path("average").path("value").asDouble(), 1e-12);
        assertEquals(0.04 * Math.sqrt(2) / 2, first.path("average").path("standardError").asDouble(), 1e-12);
        assertEquals(200, first.path("average").path("questions").asInt());
        assertEquals("strong", first.path("bestParent").path("parent").asText());
        assertEquals(0.1, first.path("bestParent").path("value").asDouble(), 1e-12);
        assertEquals(0.03 * Math.sqrt(2) / 2, first.path("bestParent").path("standardError").asDouble(), 1e-12);
        assertTrue(board.path("rows").get(3).path("average").isMissingNode(), "an average over fewer tasks is none");
        assertEquals(0.25, board.path("tasks").get(0).path("chance").asDouble());
        var shared = http.get("/api/leaderboard?artifact=ranked").json();
        assertEquals(List.of("one-task", "other-task"), mapper.convertValue(shared.path("averagedTasks"), List.class),
                "one model with fewer tasks does not take the others' averages away");
        apply(List.of(Events.score("ranked", "strong", Role.PARENT, "third-task", 0.1)));
        assertEquals(board.path("rows").get(0).path("average"),
                http.get("/api/leaderboard?artifact=ranked").json().path("rows").get(0).path("average"),
                "nor does one with more");
        assertTrue(http.get("/leaderboard").text().contains("+0.100"));
    }

    @Test
    void lineageFollowsArtifactsThatAreMadeOfArtifacts() throws Exception {
        Event.MergeRequested first = Events.requested("lineage-one", 1);
        Event.MergeRequested second = Events.requested("lineage-two", 1);
        apply(List.of(
                Events.artifact(first, Events.parent("root")),
                Events.artifact(second, new Event.ModelPlace("first", Events.identity("lineage-one"),
                        "artifacts/lineage-one", Role.PARENT), Events.parent("root"))));
        var up = http.get("/api/lineage/lineage-two").json();
        assertEquals(3, up.path("models").size(), up.toString());
        assertEquals(3, up.path("edges").size(), up.toString());
        var down = http.get("/api/lineage/lineage-one").json();
        assertTrue(down.path("edges").findValuesAsText("to").contains("lineage-two"), down.toString());
        assertTrue(http.get("/artifacts/lineage-one").text().contains("/artifacts/lineage-two"));
    }

    private void apply(List<Event> events) {
        Projections.apply(database, projector, events.toArray(Event[]::new));
    }
}
