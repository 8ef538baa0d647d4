package io.amalgam.evaluation.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A model behind an endpoint answers as the same model does here, and an endpoint that cannot score is refused. */
class EndpointLanguageModelTest {
    private static final Path MODEL = Path.of("..", "samples", "models", "base");
    private static final String QUESTION = "Q: I have three flutes, two peachs, a table and two oranges. How many objects do"
            + " I have?\nA:";

    @ParameterizedTest
    @EnumSource(names = {"ECHO", "PROMPT_LOGPROBS"})
    void scoresAreThoseOfTheModelItself(CompletionsServer.Ability ability) throws IOException {
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (int choice = 2; choice <= 10; choice++) {
            requests.add(new LoglikelihoodRequest(QUESTION, " " + choice));
        }
        requests.add(new LoglikelihoodRequest(QUESTION + " \n", "8 things"));
        requests.add(new LoglikelihoodRequest("", "Q: True"));
        requests.add(new LoglikelihoodRequest("Q: not True or False is\nA: False\n\n".repeat(60) + QUESTION, " 8"));
        try (CompletionsServer server = new CompletionsServer(MODEL, ability);
                LanguageModel endpoint = open(server, 3);
                LanguageModel local = LocalLanguageModel.open(MODEL,
                        new InferenceOptions(1, 298, 0, InferenceOptions.KeyValueType.FLOAT32))) {
            assertEquals(300, endpoint.fingerprint().maximumLength(), "as the endpoint's list of models says");
            List<LoglikelihoodResult> expected = local.loglikelihood(requests);
            List<LoglikelihoodResult> results = endpoint.loglikelihood(requests);
            for (int i = 0; i < requests.size(); i++) {
                assertEquals(expected.get(i).logLikelihood(), results.get(i).logLikelihood(), 1e-5, "request " + i);
                assertEquals(expected.get(i).greedy(), results.get(i).greedy(), "request " + i);
                assertEquals(expected.get(i).tokens(), results.get(i).tokens(), "request " + i);
                assertEquals(expected.get(i).truncated(), results.get(i).truncated(), "request " + i);
            }
            assertTrue(results.getLast().truncated());
        }
    }

    @Test
    void generationsAreThoseOfTheModelItself() throws IOException {
        List<GenerationRequest> requests = List.of(
                new GenerationRequest(QUESTION, List.of("\n"), 10),
                new GenerationRequest("Q: not True or False is\nA:", List.of("e", "Q"), 12),
                new GenerationRequest("naïve café 日本", List.of("\n\n"), 12));
        try (CompletionsServer server = new CompletionsServer(MODEL, CompletionsServer.Ability.ECHO);
                LanguageModel endpoint = open(server, 3);
                LanguageModel local = LocalLanguageModel.open(MODEL, InferenceOptions.DEFAULT)) {
            List<GenerationResult> expected = local.generateUntil(requests);
            List<GenerationResult> results = endpoint.generateUntil(requests);
            for (int i = 0; i < requests.size(); i++) {
                assertEquals(expected.get(i).text(), results.get(i).text());
            }
        }
    }

    @Test
    void anEndpointThatReturnsOnlyTheGeneratedTokensLogProbabilityIsRefused() throws IOException {
        try (CompletionsServer server = new CompletionsServer(MODEL, CompletionsServer.Ability.GENERATED_ONLY)) {
            AmalgamException refusal = assertThrows(AmalgamException.class, () -> open(server, 3).close());
            assertEquals(ErrorCode.ENDPOINT_UNSUITABLE, refusal.code());
            assertTrue(refusal.getMessage().contains("does not return the log-probabilities of a prompt's tokens"),
                    refusal.getMessage());
        }
    }

    @Test
    void passingFailuresAreTriedAgain() throws IOException {
        try (CompletionsServer server = new CompletionsServer(MODEL, CompletionsServer.Ability.ECHO);
                LanguageModel endpoint = open(server, 3)) {
            server.failures.set(2);
            int before = server.requests.get();
            endpoint.loglikelihood(List.of(new LoglikelihoodRequest(QUESTION, " 8")));
            assertEquals(3, server.requests.get() - before);
            assertEquals("Bearer secret", server.authorization);
        }
    }

    @Test
    void failuresThatStayEndWithTheLastOne() throws IOException {
        try (CompletionsServer server = new CompletionsServer(MODEL, CompletionsServer.Ability.ECHO);
                LanguageModel endpoint = open(server, 3)) {
            server.failures.set(100);
            AmalgamException failure = assertThrows(AmalgamException.class,
                    () -> endpoint.loglikelihood(List.of(new LoglikelihoodRequest(QUESTION, " 8"))));
            assertEquals(ErrorCode.ENDPOINT_UNAVAILABLE, failure.code());
            assertTrue(failure.getMessage().contains("503"), failure.getMessage());
        }
    }

    @Test
    void aNullAnswerIsAnErrorAndNotAWrongAnswer() throws IOException {
        try (CompletionsServer server = new CompletionsServer(MODEL, CompletionsServer.Ability.ECHO);
                LanguageModel endpoint = open(server, 3)) {
            server.nullText = true;
            AmalgamException failure = assertThrows(AmalgamException.class,
                    () -> endpoint.generateUntil(List.of(new GenerationRequest(QUESTION, List.of("\n"), 5))));
            assertEquals(ErrorCode.ENDPOINT_UNAVAILABLE, failure.code());
        }
    }

    @Test
    void anAddressThatNobodyListensAtIsUnavailable() {
        AmalgamException failure = assertThrows(AmalgamException.class,
                () -> EndpointLanguageModel.open(new LocalModelSource(Path.of(""), true).resolve(MODEL.toString(), null),
                        options(URI.create("http://localhost:9/v1"), 2)).close());
        assertEquals(ErrorCode.ENDPOINT_UNAVAILABLE, failure.code());
    }

    private static LanguageModel open(CompletionsServer server, int attempts) throws IOException {
        return EndpointLanguageModel.open(new LocalModelSource(Path.of(""), true).resolve(MODEL.toString(), null),
                options(server.base(), attempts));
    }

    private static EndpointOptions options(URI base, int attempts) {
        return new EndpointOptions(base, "sample", "secret", 0, 4, 2, attempts, Duration.ofMillis(5), Duration.ofSeconds(30));
    }
}
