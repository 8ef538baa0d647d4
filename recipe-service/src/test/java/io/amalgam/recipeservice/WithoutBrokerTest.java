package io.amalgam.recipeservice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.ResourceArg;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The service while Kafka is away: it runs, says so, and accepts nothing that it could not hand on. */
@QuarkusTest
@WithTestResource(value = LineResource.class,
        initArgs = @ResourceArg(name = LineResource.WITH_BROKER, value = "false"))
@Timeout(120)
class WithoutBrokerTest {

    @TestHTTPResource
    URI server;

    @Test
    void anOrderIsAnsweredWithComeAgainAndLeavesNothingBehind() throws Exception {
        Http http = new Http(server);
        for (int attempt = 0; attempt < 2; attempt++) {
            Http.Answer answer = http.postYaml("/api/merges", Recipes.linear(0.3));
            assertEquals(503, answer.status(), answer.text());
            assertEquals("BROKER_UNAVAILABLE", answer.json().path("code").asText());
            assertTrue(Integer.parseInt(answer.header("Retry-After")) > 0);
        }
        JsonNode merges = http.get("/api/merges").json().path("merges");
        assertEquals(0, merges.size(), merges.toString());
    }

    @Test
    void questionsAreAnsweredAndReadinessNamesWhatIsMissing() throws Exception {
        Http http = new Http(server);
        assertEquals(200, http.postYaml("/api/plans", Recipes.linear(0.3)).status());
        assertEquals(200, http.get("/api/leaderboard").status());
        assertEquals(200, http.get("/q/health/live").status());
        Http.Answer ready = http.get("/q/health/ready");
        assertEquals(503, ready.status());
        assertTrue(ready.text().contains("Kafka"), ready.text());
    }
}
