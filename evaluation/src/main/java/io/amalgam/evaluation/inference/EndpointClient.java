package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * HTTP with an endpoint: what may pass is tried again after a growing pause, what may not is refused at once. Safe for use
 * by several threads.
 */
final class EndpointClient implements AutoCloseable {
    private static final int RESPONSE_LIMIT = 256 << 20;
    private static final int QUOTED = 300;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final EndpointOptions options;
    private final HttpClient http;

    /** A client of one endpoint. */
    EndpointClient(EndpointOptions options) {
        this.options = options;
        this.http = HttpClient.newBuilder()
                .connectTimeout(Duration.ofSeconds(10))
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /**
     * Posts a body to {@code completions}.
     *
     * @return the response's {@code choices}, in the order of their {@code index}
     * @throws AmalgamException with {@code ENDPOINT_UNAVAILABLE} if no attempt succeeded, or {@code ENDPOINT_UNSUITABLE} if
     *     the endpoint refuses the request
     */
    JsonNode[] completions(ObjectNode body, int expected) {
        JsonNode response = attempt(() -> {
            HttpRequest.Builder request = request("completions")
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)));
            JsonNode answer = send(request.build());
            if (answer.path("choices").size() != expected) {
                throw new IOException("it answered " + answer.path("choices").size() + " choices to " + expected + " prompts");
            }
            return answer;
        });
        JsonNode[] choices = new JsonNode[expected];
        for (JsonNode choice : response.path("choices")) {
            int index = choice.path("index").asInt(-1);
            if (index < 0 || index >= expected || choices[index] != null) {
                throw new AmalgamException(ErrorCode.ENDPOINT_UNSUITABLE, "The endpoint " + options.base()
                        + " does not number its choices: index " + choice.get("index") + " of " + expected + ".");
            }
            choices[index] = choice;
        }
        return choices;
    }

    /** The endpoint's list of models, or a missing node where it has none. */
    JsonNode models() {
        try {
            return attempt(() -> send(request("models").GET().build()));
        } catch (AmalgamException e) {
            if (e.code() == ErrorCode.ENDPOINT_UNSUITABLE) {
                return JSON.missingNode();
            }
            throw e;
        }
    }

    private HttpRequest.Builder request(String operation) {
        URI address = options.operation(operation);
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(options.timeout());
        if (options.apiKey() != null) {
            request.header("Authorization", "Bearer " + options.apiKey());
        }
        return request;
    }

    /** A call that may be made again. */
    @FunctionalInterface
    private interface Call {
        JsonNode make() throws IOException, InterruptedException;
    }

    private JsonNode attempt(Call call) {
        Duration pause = options.firstDelay();
        for (int attempt = 1; ; attempt++) {
            try {
                return call.make();
            } catch (IOException e) {
                if (attempt == options.attempts()) {
                    throw new AmalgamException(ErrorCode.ENDPOINT_UNAVAILABLE, "The endpoint " + options.base()
                            + " gave no usable answer in " + attempt + " attempts; the last time "
                            + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage()) + ".", e);
                }
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
            Duration longest = options.firstDelay().multipliedBy(10);
            pause = pause.multipliedBy(2).compareTo(longest) > 0 ? longest : pause.multipliedBy(2);
        }
    }

    private static AmalgamException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new AmalgamException(ErrorCode.CANCELLED, "Waiting for the endpoint was interrupted.", cause);
    }

    private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        byte[] content;
        try (InputStream stream = response.body()) {
            content = stream.readNBytes(RESPONSE_LIMIT + 1);
        }
        int status = response.statusCode();
        if (status == 408 || status == 429 || status >= 500) {
            throw new IOException("it answered " + status + ": " + quoted(content));
        }
        if (status != 200) {
            throw new AmalgamException(ErrorCode.ENDPOINT_UNSUITABLE, "The endpoint " + request.uri() + " answered " + status
                    + ": " + quoted(content));
        }
        if (content.length > RESPONSE_LIMIT) {
            throw new IOException("its answer exceeds " + RESPONSE_LIMIT + " bytes");
        }
        try {
            return JSON.readTree(content);
        } catch (JsonProcessingException e) {
            throw new IOException("its answer is not JSON: " + quoted(content), e);
        }
    }

    private static String quoted(byte[] content) {
        String text = new String(content, 0, Math.min(content.length, QUOTED), StandardCharsets.UTF_8);
        return text.replaceAll("\\p{Cntrl}+", " ").strip();
    }

    @Override
    public void close() {
        http.close();
    }
}
