package io.amalgam.recipeservice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What bad input is answered with: RFC 9457, our code, one clear sentence, the line. */
@QuarkusTest
@WithTestResource(LineResource.class)
class ProblemTest {

    @TestHTTPResource
    URI server;

    static Stream<Arguments> recipes() {
        String good = Recipes.linear(1);
        return Stream.of(
                Arguments.of("not YAML", "merge_method: [linear", 400, "RECIPE_NOT_YAML", ""),
                Arguments.of("not a mapping", "- a\n- b\n", 400, "RECIPE_NOT_YAML", ""),
                Arguments.of("a repeated key", "merge_method: linear\nmerge_method: ties\n", 400,
                        "RECIPE_LIMIT_EXCEEDED", ""),
                Arguments.of("a YAML bomb", bomb(), 400, "RECIPE_LIMIT_EXCEEDED", ""),
                Arguments.of("an unknown method", good.replace("linear", "liner"), 422, "METHOD_UNKNOWN", "linear"),
                Arguments.of("a wrong parameter", good.replace("{weight: 1.0}", "{weight: heavy}"), 422,
                        "PARAMETER_INVALID", "heavy"),
                Arguments.of("a missing parameter", good.replace("parameters: {weight: 1.0}", "parameters: {}"), 422,
                        "PARAMETER_MISSING", "weight"),
                Arguments.of("a model that is not there", good.replace("ordering-expert", "nobody-expert"), 422,
                        "MODEL_NOT_FOUND", "nobody-expert"),
                Arguments.of("an absolute path", good.replace("ordering-expert", "/etc"), 422,
                        "MODEL_REFERENCE_INVALID", "/etc"),
                Arguments.of("a path that leaves the root", good.replace("ordering-expert", "../models/base"), 422,
                        "MODEL_REFERENCE_INVALID", ".."));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("recipes")
    void aRecipeThatCannotBeMergedIsRefused(String what, String recipe, int status, String code, String mention)
            throws Exception {
        Http.Answer answer = new Http(server).postYaml("/api/merges", recipe);
        assertProblem(answer, status, code);
        assertTrue(answer.text().contains(mention), answer.text());
        assertFalse(answer.text().contains("Exception"), answer.text());
        Http.Answer plan = new Http(server).postYaml("/api/plans", recipe);
        if (plan.status() == 200) {
            assertFalse(plan.json().path("accepted").asBoolean(), plan.text());
            assertTrue(plan.text().contains(code), plan.text());
        } else {
            assertProblem(plan, status, code);
        }
    }

    @Test
    void everyErrorIsToldAtOnceWithItsLine() throws Exception {
        Http.Answer answer = new Http(server).postYaml("/api/merges", """
                merge_method: linear
                models:
                  - model: nobody-one
                    parameters: {weight: 1.0}
                  - model: nobody-two
                    parameters: {weight: heavy}
                dtype: bfloat17
                """);
        assertEquals(422, answer.status(), answer.text());
        JsonNode errors = answer.json().path("errors");
        assertTrue(errors.size() >= 3, answer.text());
        List<Integer> lines = errors.findValues("line").stream().map(JsonNode::asInt).toList();
        assertTrue(lines.contains(3) && lines.contains(5) && lines.contains(7), answer.text());
    }

    static Stream<Arguments> requests() {
        String recipe = Recipes.linear(1);
        return Stream.of(
                Arguments.of("POST", "/api/merges", "application/json", "{\"recipe\": ", 400, "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges", "application/json", "{}", 400, "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges", "application/json", "[]", 400, "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges", "application/json", "{\"recipe\": \"a\", \"sead\": 1}", 400,
                        "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges?shardSize=large", "application/yaml", recipe, 400,
                        "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges?shardSize=0", "application/yaml", recipe, 400, "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges?benchmarks=../../etc", "application/yaml", recipe, 400,
                        "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges?name=" + "n".repeat(201), "application/yaml", recipe, 400,
                        "ARGUMENT_INVALID"),
                Arguments.of("POST", "/api/merges", "application/yaml", "#".repeat(1 << 20) + "\n" + recipe, 413,
                        "REQUEST_TOO_LARGE"),
                Arguments.of("POST", "/api/merges", "image/png", recipe, 415, "ARGUMENT_INVALID"),
                Arguments.of("PUT", "/api/merges", "application/yaml", recipe, 405, "ARGUMENT_INVALID"),
                Arguments.of("GET", "/api/nothing", null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/merges/17", null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/merges/" + UUID.randomUUID(), null, null, 404, "NOT_FOUND"),
                Arguments.of("DELETE", "/api/merges/" + UUID.randomUUID(), null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/merges?before=yesterday", null, null, 400, "ARGUMENT_INVALID"),
                Arguments.of("GET", "/api/artifacts/none", null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/artifacts/none/files/amalgam.json", null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/artifacts/..%2F..%2Fetc/files/passwd", null, null, 404, "NOT_FOUND"),
                Arguments.of("GET", "/api/lineage/none", null, null, 404, "NOT_FOUND"));
    }

    @ParameterizedTest(name = "{0} {1} {4} {5}")
    @MethodSource("requests")
    void aWrongRequestIsAProblem(String method, String path, String type, String body, int status, String code)
            throws Exception {
        assertProblem(new Http(server).send(method, path, type, body), status, code);
    }

    @Test
    void anUnknownKeyIsAWarningUnlessStrict() throws Exception {
        String recipe = Recipes.linear(0.5) + "merge_metod: ties\n";
        JsonNode plan = new Http(server).postJson("/api/plans", Map.of("recipe", recipe)).json();
        assertTrue(plan.path("accepted").asBoolean(), plan.toString());
        JsonNode problem = plan.path("problems").get(0);
        assertEquals("warning", problem.path("severity").asText());
        assertEquals(8, problem.path("line").asInt());
        assertTrue(problem.path("message").asText().contains("merge_method"), problem.toString());
        assertProblem(new Http(server).postJson("/api/merges", Map.of("recipe", recipe, "strict", true)), 422,
                "RECIPE_UNKNOWN_KEY");
    }

    @Test
    void theDocumentOfTheInterfaceIsThere() throws Exception {
        Http.Answer document = new Http(server).get("/q/openapi?format=json");
        for (String path : List.of("/api/merges", "/api/plans", "/api/merges/{id}/events", "/api/leaderboard",
                "/api/lineage/{artifact}", "/api/artifacts/{id}/files/{name}")) {
            assertTrue(document.json().path("paths").has(path), path);
        }
        assertEquals(200, new Http(server).get("/q/swagger-ui/").status());
    }

    private static void assertProblem(Http.Answer answer, int status, String code) {
        assertEquals(status, answer.status(), answer.text());
        assertTrue(answer.header("Content-Type").startsWith("application/problem+json"), answer.header("Content-Type"));
        JsonNode problem = answer.json();
        assertEquals(code, problem.path("code").asText(), answer.text());
        assertEquals(status, problem.path("status").asInt());
        assertEquals("urn:amalgam:error:" + code, problem.path("type").asText());
        assertFalse(problem.path("title").asText().isEmpty());
        assertFalse(problem.path("detail").asText().isEmpty());
    }

    private static String bomb() {
        StringBuilder recipe = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int level = 1; level < 9; level++) {
            recipe.append("a%d: &a%d [".formatted(level, level)).repeat("*a" + (level - 1) + ", ", 9)
                    .append("*a").append(level - 1).append("]\n");
        }
        return recipe.append("merge_method: linear\n").toString();
    }
}
