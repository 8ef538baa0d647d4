package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What recipes are written from: methods, templates, models. */
@QuarkusTest
@WithTestResource(LineResource.class)
class CatalogTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    @ConfigProperty(name = "amalgam.models.root")
    Path models;

    private Http http;

    @BeforeEach
    void client() {
        http = Http.ready(server);
    }

    @Test
    void everyMethodHasATemplateThatIsAccepted() throws Exception {
        JsonNode methods = http.get("/api/methods").json();
        assertEquals(MergeMethods.all().size(), methods.size());
        for (JsonNode method : methods) {
            String template = method.path("template").asText();
            JsonNode plan = http.postYaml("/api/plans", template).json();
            assertTrue(plan.path("accepted").asBoolean(), method.path("name").asText() + "\n" + template + plan);
            for (JsonNode problem : plan.path("problems")) {
                assertTrue(!problem.path("severity").asText().equals("error"), template + problem);
            }
        }
    }

    @Test
    void theModelsOfTheRootAreKnown() throws Exception {
        JsonNode models = http.get("/api/models").json();
        assertTrue(models.findValuesAsText("name").contains("navigation-expert"), models.toString());
        assertTrue(models.findValuesAsText("name").contains("base"), models.toString());
        assertEquals("folder", models.get(0).path("source").asText());
    }

    @Test
    void theRecipeOfAMergeIsGivenBackAsItWasWritten() throws Exception {
        String recipe = "# kept, with its comment\n" + Recipes.linear(0.411);
        String id = http.postYaml("/api/merges", recipe).json().path("id").asText();
        assertEquals(recipe, http.get("/api/merges/" + id + "/recipe").text());
        assertTrue(http.get("/new?from=" + id).text().contains("# kept, with its comment"));
        assertTrue(http.get("/merges/" + id).text().contains("# kept, with its comment"));
    }

    @Test
    void theLayersOfAnArtifactAreComparedWhenSomebodyAsks() throws Exception {
        JsonNode started = http.postYaml("/api/merges", Recipes.linear(0.412)).json();
        String artifact = started.path("artifact").asText();
        RealArtifact.make(store, models, artifact);
        Event.MergeRequested request = Events.requested(artifact, started.path("attempt").asInt());
        Projections.apply(database, projector, Events.planned(request, 1), Events.completed(request),
                Events.artifact(request, Events.parent("navigation-expert")));
        String path = "/api/artifacts/" + artifact + "/report";
        assertEquals(404, http.get(path).status());
        assertTrue(http.get("/layers/" + artifact).text().contains("Compare them"));
        assertEquals(202, http.send("POST", path, null, null).status());
        await().atMost(Duration.ofSeconds(60)).until(() -> http.get(path).status() == 200);
        JsonNode report = http.get(path).json();
        assertEquals(List.of("navigation-expert", "ordering-expert"),
                List.of(report.path("inputs").get(0).asText(), report.path("inputs").get(1).asText()));
        assertTrue(report.path("rows").size() > 4, report.toString());
        String page = http.get("/layers/" + artifact + "?show=cosine-0-1").text();
        assertTrue(page.contains("Angle: navigation-expert and ordering-expert"), page);
        assertTrue(page.contains("self_attn"), page);
        assertEquals(404, http.send("POST", "/api/artifacts/none/report", null, null).status());
    }
}
