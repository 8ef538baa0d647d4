package io.amalgam.recipeservice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.method.MergeMethods;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What recipes are written from: methods, templates, models. */
@QuarkusTest
@WithTestResource(LineResource.class)
class CatalogTest {

    @TestHTTPResource
    URI server;

    private Http http;

    @BeforeEach
    void client() {
        http = new Http(server);
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
}
