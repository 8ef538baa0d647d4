package io.amalgam.recipeservice.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.Version;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.recipeservice.Answered;
import io.amalgam.recipeservice.Events;
import io.amalgam.recipeservice.Http;
import io.amalgam.recipeservice.LineResource;
import io.amalgam.recipeservice.Projections;
import io.amalgam.recipeservice.Recipes;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What tenants see of the line that they share, and do with triggers, by their roles. */
@QuarkusTest
@TestProfile(SecuredProfile.class)
@WithTestResource(LineResource.class)
@WithTestResource(Issuer.class)
class TenantLineTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Map<String, String> NIGHTLY = Map.of("type", "schedule", "cron", "0 3 1 1 *");

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
        schema.ensure();
    }

    @Test
    void readersSeeWorkersAndTheQueueAndOnlyTheirOwnMergesInIt() throws Exception {
        Event.MergeRequested request = Events.requested("only-waiting", "waiting");
        Projections.apply(database, projector, request, Events.planned(request, 3), new Event.ChunkCompleted(
                request.merge(), 0, 3, "digest", 500, "worker-for-all", 1000, 20, false, Version.NUMERICS,
                Instant.now()));
        for (String path : List.of("/api/line", "/workers")) {
            Http.Answer mine = get(path, Issuer.token("waiting", "read"));
            Http.Answer theirs = get(path, Issuer.token("other", "read"));
            assertEquals(200, mine.status(), mine.text());
            assertEquals(200, theirs.status(), theirs.text());
            assertTrue(mine.text().contains(request.name()), mine.text());
            assertFalse(theirs.text().contains("only-waiting"), theirs.text());
            assertTrue(theirs.text().contains("worker-for-all"), "workers are everybody's");
        }
        assertTrue(get("/api/line", Issuer.token("other", "read")).json().path("queue").path("chunks").asInt() >= 2,
                "so is how much waits");
        assertTrue(get("/api/line", Issuer.ADMINISTRATOR_KEY).text().contains(request.name()));
        Projections.apply(database, projector, Events.completed(request));
    }

    @Test
    void aTenantComparesTheModelsOfItsOwnArtifactsOnly() throws Exception {
        Event.MergeRequested request = Events.requested("only-compared", "comparing");
        Projections.apply(database, projector, request, Events.planned(request, 1), Events.completed(request),
                Events.artifact(request, Events.parent("compared-parent")),
                Answered.score(store, "only-compared", new Event.ModelPlace(request.name(),
                        Events.identity("only-compared"), "artifacts/only-compared", Event.ModelPlace.Role.ARTIFACT),
                        "compared", 0.8, Events.at(6)),
                Answered.score(store, "only-compared", Events.parent("compared-parent"), "compared", 0.5, Events.at(6)));
        String mine = Issuer.token("comparing", "read");
        String theirs = Issuer.token("other", "submit");
        for (String path : List.of("/api/compare", "/compare")) {
            String pair = path + "?first=only-compared&second=" + Events.identity("compared-parent");
            assertTrue(get(pair, mine).text().contains(request.name()), get(pair, mine).text());
            assertTrue(get(pair, Issuer.ADMINISTRATOR_KEY).text().contains(request.name()));
            assertFalse(get(pair, theirs).text().contains(request.name()), path);
        }
        assertEquals(0.3, get("/api/compare?first=only-compared&second=" + Events.identity("compared-parent"), mine).json()
                .path("average").path("difference").asDouble(), 1e-9);
        for (String key : List.of("only-compared", Events.identity("compared-parent"))) {
            assertEquals(200, compare(key, mine).status());
            Http.Answer refusal = compare(key, theirs);
            assertEquals(404, refusal.status(), refusal.text());
            assertEquals(compare("not-there", theirs).text().replace("not-there", key), refusal.text(),
                    "what is another's looks like what is not there");
        }
    }

    @Test
    void triggersBelongToTheirTenantAndAreChangedByThoseWhoMayOrder() throws Exception {
        String submitter = Issuer.token("triggering", "submit");
        String reader = Issuer.token("triggering", "read");
        String other = Issuer.token("other", "submit");
        Http.Answer made = post("/api/triggers", trigger("of-triggering", NIGHTLY), submitter);
        assertEquals(201, made.status(), made.text());
        assertEquals("triggering", made.json().path("trigger").path("tenant").asText());
        String path = "/api/triggers/" + made.json().path("trigger").path("id").asText();
        for (String token : List.of(submitter, reader, Issuer.ADMINISTRATOR_KEY)) {
            assertEquals(200, get(path, token).status());
            assertTrue(get("/api/triggers", token).text().contains("of-triggering"));
            assertTrue(get("/triggers", token).text().contains("of-triggering"));
        }
        assertTrue(get("/triggers", submitter).text().contains("data-act=\"delete\""));
        assertFalse(get("/triggers", reader).text().contains("data-act="), "no button that is then refused");
        assertEquals(403, post("/api/triggers", trigger("by-reader", NIGHTLY), reader).status());
        assertEquals(403, post(path + "/fire", Map.of(), reader).status());
        assertEquals(403, delete(path, reader).status());
        assertEquals(404, get(path, other).status());
        assertEquals(404, post(path + "/fire", Map.of(), other).status());
        assertEquals(404, delete(path, other).status());
        assertFalse(get("/api/triggers", other).text().contains("of-triggering"));
        assertFalse(get("/triggers", other).text().contains("of-triggering"));
        assertEquals(202, post(path + "/fire", Map.of(), submitter).status());
        assertEquals(204, delete(path, submitter).status());
        assertEquals(404, get(path, submitter).status());
    }

    @Test
    void aTriggerLearnsOnlyWhatIsPutIntoBucketsThatItsTenantReads() throws Exception {
        String token = Issuer.token("watching", "submit");
        for (Map<String, String> refused : List.of(bucket("private", null), bucket("private", "models/"),
                bucket("public", null), bucket("public", "model"), bucket("public", "models"),
                bucket("public", "models-of-beta/"), bucket("public/models", ""), bucket("private/../public", "models/"))) {
            Http.Answer answer = post("/api/triggers", trigger("watcher", refused), token);
            assertEquals(403, answer.status(), refused + answer.text());
            assertEquals("FORBIDDEN", answer.json().path("code").asText());
        }
        for (String allowed : List.of("models/", "models/a")) {
            assertEquals(201, post("/api/triggers", trigger("watcher", bucket("public", allowed)), token).status());
        }
        assertEquals(201,
                post("/api/triggers", trigger("watcher", bucket("private", null)), Issuer.ADMINISTRATOR_KEY).status());
    }

    @Test
    void aTriggerTellsNoAddressInsideThisNetwork() throws Exception {
        String token = Issuer.token("telling", "submit");
        for (String address : List.of("https://169.254.169.254/latest/meta-data", "https://10.1.2.3/", "https://[::1]/",
                "https://localhost/hook", "http://192.0.43.8/", "https://user@192.0.43.8/")) {
            Map<String, Object> order = trigger("teller", NIGHTLY);
            order.put("notification", Map.of("url", address));
            Http.Answer answer = post("/api/triggers", order, token);
            assertEquals(422, answer.status(), address + answer.text());
            assertEquals("ADDRESS_REFUSED", answer.json().path("code").asText(), answer.text());
        }
    }

    @Test
    void aTenantHasNotMoreTriggersThanItMay() throws Exception {
        String token = Issuer.token("collecting", "submit");
        List<String> made = new ArrayList<>();
        for (int number = 0; number < 3; number++) {
            made.add(post("/api/triggers", trigger("one of three", NIGHTLY), token).json().path("trigger").path("id").asText());
        }
        Http.Answer fourth = post("/api/triggers", trigger("fourth", NIGHTLY), token);
        assertEquals(429, fourth.status(), fourth.text());
        assertEquals("QUOTA_EXCEEDED", fourth.json().path("code").asText());
        assertEquals(204, delete("/api/triggers/" + made.getFirst(), token).status());
        assertEquals(201, post("/api/triggers", trigger("fourth", NIGHTLY), token).status());
    }

    @Test
    void deadLettersAreSeenByTheTenantOfTheirMergeAndDecidedByAdministrators() throws Exception {
        Event.MergeRequested request = Events.requested("only-lettered", "lettered");
        Projections.apply(database, projector, request,
                letter(request.merge(), 901), letter(null, 902));
        String mine = Issuer.token("lettered", "submit");
        String theirs = Issuer.token("other", "submit");
        JsonNode letters = get("/api/dead-letters", mine).json().path("deadLetters");
        assertEquals(1, letters.size(), letters.toString());
        assertEquals(901, letters.get(0).path("offset").asInt(), "what belongs to no known merge is not for tenants");
        String path = "/api/dead-letters/" + letters.get(0).path("id").asText();
        assertTrue(get("/dead-letters", mine).text().contains("offset 901"));
        assertFalse(get("/dead-letters", mine).text().contains("data-act="));
        assertTrue(get("/dead-letters", Issuer.ADMINISTRATOR_KEY).text().contains("data-act="));
        assertEquals(200, get(path, mine).status());
        assertEquals(0, get("/api/dead-letters", theirs).json().path("deadLetters").size());
        assertEquals(404, get(path, theirs).status());
        assertEquals(403, post(path + "/replay", Map.of(), mine).status());
        assertEquals(403, delete(path, mine).status());
        assertEquals(200, delete(path, Issuer.ADMINISTRATOR_KEY).status());
        for (String other : List.of("/api/projection/rebuild", "/api/keys")) {
            assertEquals(403, post(other, Map.of(), mine).status(), other + " stays the administrators'");
        }
        Projections.apply(database, projector, Events.completed(request));
    }

    private static Event.DeadLetter letter(String merge, long offset) {
        return new Event.DeadLetter("merge-chunks", 1, offset, null, "io.amalgam.ChunkRequested", "WORKER_LOST",
                "three workers died", merge, "{}", "merge-worker/host", Instant.now(), null);
    }

    private static Map<String, String> bucket(String name, String prefix) {
        Map<String, String> condition = new HashMap<>(Map.of("type", "object", "bucket", name, "poll", "PT0S"));
        if (prefix != null) {
            condition.put("prefix", prefix);
        }
        return condition;
    }

    private static Map<String, Object> trigger(String name, Map<String, String> condition) {
        return new HashMap<>(Map.of("name", name, "recipe", Recipes.linear(0.861), "condition", condition,
                "debounceSeconds", 3600));
    }

    private Http.Answer compare(String key, String token) throws Exception {
        return get("/api/compare?first=" + key + "&second=" + key, token);
    }

    private Http.Answer get(String path, String token) throws Exception {
        return http.get(path, "Authorization", "Bearer " + token);
    }

    private Http.Answer delete(String path, String token) throws Exception {
        return http.send("DELETE", path, null, null, "Authorization", "Bearer " + token);
    }

    private Http.Answer post(String path, Object body, String token) throws Exception {
        return http.send("POST", path, "application/json", MAPPER.writeValueAsString(body),
                "Authorization", "Bearer " + token);
    }
}
