package io.amalgam.recipeservice.security;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.events.Event;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tenants see of each other: nothing but what they have ordered themselves. */
@QuarkusTest
@TestProfile(SecuredProfile.class)
@WithTestResource(LineResource.class)
@WithTestResource(Issuer.class)
class TenantTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    Quotas quotas;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
    }

    @Test
    void aTenantSeesOnlyItsOwnMergesAndArtifacts() throws Exception {
        String mine = Issuer.token("seeing", "submit");
        String theirs = Issuer.token("blind", "submit");
        String administrator = Issuer.token("seeing", "administer");
        Event.MergeRequested request = Events.requested("only-seeing", "seeing");
        apply(List.of(request, Events.planned(request, 1), Events.completed(request),
                Events.artifact(request, Events.parent("only-seeing-parent")),
                Events.score("only-seeing", request.name(), Event.ModelPlace.Role.ARTIFACT, "task-of-seeing", 0.5),
                Events.score("only-seeing", "only-seeing-parent", Event.ModelPlace.Role.PARENT, "task-of-seeing", 0.4)));
        for (String path : List.of("/api/merges/" + request.merge(), "/api/lineage/only-seeing",
                "/merges/" + request.merge())) {
            assertEquals(200, get(path, mine).status(), path);
            assertEquals(404, get(path, theirs).status(), path);
            assertEquals(200, get(path, administrator).status(), path);
        }
        for (String path : List.of("/api/artifacts/only-seeing", "/api/artifacts/only-seeing/files/amalgam.json",
                "/artifacts/only-seeing", "/api/merges/" + request.merge() + "/events")) {
            assertEquals(404, get(path, theirs).status(), path);
        }
        for (String path : List.of("/api/merges", "/api/artifacts", "/api/leaderboard", "/", "/artifacts",
                "/leaderboard")) {
            assertTrue(get(path, mine).text().contains("only-seeing"), path);
            assertFalse(get(path, theirs).text().contains("only-seeing"), path);
            assertFalse(get(path, theirs).text().contains("task-of-seeing"), path);
            assertTrue(get(path, administrator).text().contains("only-seeing"), path);
        }
        assertEquals(0, get("/api/leaderboard?artifact=only-seeing", theirs).json().path("rows").size());
        Http.Answer cancel = http.send("DELETE", "/api/merges/" + request.merge(), null, null,
                "Authorization", "Bearer " + theirs);
        assertEquals(404, cancel.status(), cancel.text());
    }

    @Test
    void tenantsThatOrderTheSameShareTheWorkButNotTheWords() throws Exception {
        String first = Issuer.token("first", "submit");
        String second = Issuer.token("second", "submit");
        Http.Answer started = order(first, "/api/merges?name=secret-of-first", Recipes.linear(0.811));
        assertEquals(202, started.status(), started.text());
        String id = started.json().path("id").asText();
        String artifact = started.json().path("artifact").asText();
        assertEquals(404, get("/api/merges/" + id, second).status());
        assertFalse(order(second, "/api/plans", Recipes.linear(0.811)).json().path("exists").asBoolean());

        Http.Answer joined = order(second, "/api/merges?name=own-name", Recipes.linear(0.811));
        assertEquals("JOINED", joined.json().path("outcome").asText(), joined.text());
        assertEquals(id, joined.json().path("id").asText());
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() ->
                assertTrue(get("/api/merges/" + id, first).json().path("events").size() > 0));
        JsonNode seen = get("/api/merges/" + id, second).json();
        assertEquals("own-name", seen.path("name").asText());
        assertTrue(seen.path("events").size() > 0);
        assertFalse(seen.toString().contains("secret-of-first"), seen.toString());
        assertFalse(seen.toString().contains("\"first\""), seen.toString());
        assertTrue(get("/api/merges/" + id, first).text().contains("secret-of-first"));
        assertFalse(get("/", second).text().contains("secret-of-first"));

        Http.Answer cancel = http.send("DELETE", "/api/merges/" + id, null, null, "Authorization", "Bearer " + second);
        assertEquals(403, cancel.status(), "who joined cannot end what another started");
        assertEquals(202, http.send("DELETE", "/api/merges/" + id + "?reason=reason-of-first", null, null,
                "Authorization", "Bearer " + first).status());
        JsonNode cancelled = get("/api/merges/" + id, second).json();
        assertFalse(cancelled.toString().contains("reason-of-first"), cancelled.toString());
        assertEquals(artifact, cancelled.path("artifact").asText());
    }

    @Test
    void aRecipeReadsNoModelOfAnotherTenant(@TempDir Path folder) throws Exception {
        Path root = Files.createDirectories(folder.resolve("models"));
        Path store = Files.createDirectories(root.resolve("store"));
        model(root.resolve("shared"));
        model(root.resolve("tenants/alpha/model"));
        model(root.resolve("tenants/beta/model"));
        model(store.resolve("artifacts/granted-to-alpha"));
        model(store.resolve("artifacts/granted-to-nobody"));
        Files.createSymbolicLink(root.resolve("link"), root.resolve("tenants/beta/model"));
        Files.createSymbolicLink(root.resolve("tenants/alpha/link"), root.resolve("tenants/beta"));
        database.transaction(connection -> {
            quotas.admitBytes(connection, "alpha", "granted-to-alpha", "x", 1);
            return null;
        });
        TenantModels models = new TenantModels(new LocalModelSource(root, false), quotas, root, store,
                Optional.of(List.of("s3://public/models")));
        ModelSource alpha = models.of(Caller.of("a", "alpha"));
        for (String allowed : List.of("shared", "tenants/alpha/model", "store/artifacts/granted-to-alpha",
                "tenants/alpha/./model")) {
            assertEquals(allowed, alpha.resolve(allowed, null).reference());
        }
        for (String refused : List.of("tenants/beta/model", "tenants/./beta/model", "tenants//beta/model", "link",
                "tenants/alpha/link/model", "./tenants/beta/model", "tenants", "tenants/beta", "tenants/none",
                "store/artifacts/granted-to-nobody", "store", "store/artifacts")) {
            AmalgamException failure =
                    assertThrows(AmalgamException.class, () -> alpha.resolve(refused, null), refused);
            assertEquals(ErrorCode.MODEL_NOT_FOUND, failure.code(), refused);
            assertEquals("Model " + refused + " is not a folder under the models' root.", failure.getMessage());
        }
        for (String refused : List.of("tenants/alpha/../beta/model", "../models/tenants/beta/model", "/etc",
                "tenants\\beta\\model", "tenants\u2215beta\u2215model", "tenants\uFF0Fbeta\uFF0Fmodel",
                "tenants/beta\u0000/model", "TENANTS\u200B/beta/model")) {
            assertEquals(ErrorCode.MODEL_REFERENCE_INVALID,
                    assertThrows(AmalgamException.class, () -> alpha.resolve(refused, null), refused).code(), refused);
        }
        assertThrows(AmalgamException.class, () -> alpha.resolve("TENANTS/beta/model", null));
        assertEquals("tenants/beta/model",
                models.of(new Caller("x", "alpha", true)).resolve("tenants/beta/model", null).reference());
    }

    @Test
    void bucketsAndArtifactsAreReadOnlyWhereATenantMay(@TempDir Path folder) throws Exception {
        database.transaction(connection -> {
            quotas.admitBytes(connection, "alpha", "granted-to-alpha", "x", 1);
            return null;
        });
        // What passes reaches the source, which here says that it reads no such kind.
        TenantModels models = new TenantModels(new ModelSources(new LocalModelSource(folder, false)), quotas, folder, folder,
                Optional.of(List.of("s3://public/models")));
        ModelSource alpha = models.of(Caller.of("a", "alpha"));
        for (String allowed : List.of("s3://public/models", "s3://public/models/a", "artifact://granted-to-alpha")) {
            assertEquals(ErrorCode.MODEL_REFERENCE_INVALID,
                    assertThrows(AmalgamException.class, () -> alpha.resolve(allowed, null), allowed).code(), allowed);
        }
        for (String refused : List.of("s3://public/models-of-beta/a", "s3://public", "s3://line/artifacts/x", "s3:public/models",
                "artifact://granted-to-nobody", "artifact://granted-to-alpha/..", "artifact:")) {
            assertEquals(ErrorCode.MODEL_NOT_FOUND,
                    assertThrows(AmalgamException.class, () -> alpha.resolve(refused, null), refused).code(), refused);
        }
    }

    @Test
    void quotasOfBytesAndMergesAreKept() throws Exception {
        String administrator = "Bearer " + Issuer.ADMINISTRATOR_KEY;
        String token = Issuer.token("limited", "submit");
        assertEquals(200, http.send("PUT", "/api/tenants/limited/quota", "application/json",
                "{\"merges\": 1, \"bytes\": 1000000000}", "Authorization", administrator).status());
        assertEquals(202, order(token, "/api/merges", Recipes.linear(0.821)).status());
        Http.Answer second = order(token, "/api/merges", Recipes.linear(0.822));
        assertEquals(429, second.status(), second.text());
        assertEquals("QUOTA_EXCEEDED", second.json().path("code").asText());
        assertTrue(Integer.parseInt(second.header("Retry-After")) > 0);
        assertEquals(202, order(token, "/api/merges", Recipes.linear(0.821)).status(), "joining its own is no second");
        JsonNode quota = get("/api/tenants/limited/quota", token).json();
        assertEquals(1, quota.path("mergesRunning").asInt(), quota.toString());
        assertTrue(quota.path("bytesUsed").asLong() > 1_000_000, quota.toString());

        assertEquals(200, http.send("PUT", "/api/tenants/limited/quota", "application/json",
                "{\"merges\": 10, \"bytes\": 1000000}", "Authorization", administrator).status());
        Http.Answer third = order(token, "/api/merges", Recipes.linear(0.823));
        assertEquals(403, third.status(), third.text());
        assertEquals("BYTES_QUOTA_EXCEEDED", third.json().path("code").asText());
        assertEquals(403, http.send("PUT", "/api/tenants/limited/quota", "application/json", "{}",
                "Authorization", "Bearer " + token).status(), "no tenant raises its own quota");
        assertEquals(403, get("/api/tenants/other/quota", token).status());
    }

    @Test
    void tooManyRequestsAreToldWhenToComeAgain() throws Exception {
        assertEquals(200, http.send("PUT", "/api/tenants/hasty/quota", "application/json", "{\"requestsPerMinute\": 2}",
                "Authorization", "Bearer " + Issuer.ADMINISTRATOR_KEY).status());
        String token = Issuer.token("hasty", "read");
        Http.Answer answer = null;
        // Two at once; permits come back, but not ten in the time of ten requests.
        for (int request = 0; request < 20 && (answer == null || answer.status() == 200); request++) {
            answer = get("/api/merges", token);
        }
        assertEquals(429, answer.status(), answer.text());
        assertEquals("RATE_LIMITED", answer.json().path("code").asText());
        assertTrue(Integer.parseInt(answer.header("Retry-After")) >= 1);
        assertEquals(200, get("/api/merges", Issuer.token("patient", "read")).status(), "others are not held back");
    }

    private static void model(Path folder) throws Exception {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), "{}");
    }

    private void apply(List<Event> events) {
        schema.ensure();
        Projections.apply(database, projector, events.toArray(Event[]::new));
    }

    private Http.Answer get(String path, String token) throws Exception {
        return http.get(path, "Authorization", "Bearer " + token);
    }

    private Http.Answer order(String token, String path, String recipe) throws Exception {
        return http.send("POST", path, "application/yaml", recipe, "Authorization", "Bearer " + token);
    }
}
