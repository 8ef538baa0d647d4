package io.amalgam.recipeservice;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.awaitility.Awaitility;

/** A client of the service, as plain as it can be. */
public final class Http {

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final URI server;

    /** The service at an address. */
    public Http(URI server) {
        this.server = server;
    }

    /** The service at an address, when it says that it is ready. */
    public static Http ready(URI server) {
        Http http = new Http(server);
        Awaitility.await().atMost(Duration.ofSeconds(90)).until(() -> http.get("/q/health/ready").status() == 200);
        return http;
    }

    /** What came back. */
    public record Answer(HttpResponse<byte[]> response) {

        /** Status of HTTP. */
        public int status() {
            return response.statusCode();
        }

        /** A header's first value, or null. */
        public String header(String name) {
            return response.headers().firstValue(name).orElse(null);
        }

        /** The body as JSON. */
        public JsonNode json() {
            try {
                return MAPPER.readTree(response.body());
            } catch (IOException malformed) {
                throw new AssertionError("no JSON: " + text(), malformed);
            }
        }

        /** The body as text. */
        public String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }
    }

    /** Sends a request; {@code headers} are names and values in turn. */
    public Answer send(String method, String path, String type, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(server.resolve(path)).method(method,
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (type != null) {
            request.header("Content-Type", type);
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        return new Answer(CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
    }

    /** Gets. */
    public Answer get(String path, String... headers) throws IOException, InterruptedException {
        return send("GET", path, null, null, headers);
    }

    /** Posts a recipe. */
    public Answer postYaml(String path, String recipe) throws IOException, InterruptedException {
        return send("POST", path, "application/yaml", recipe);
    }

    /** Posts JSON. */
    public Answer postJson(String path, Object body) throws IOException, InterruptedException {
        return send("POST", path, "application/json", MAPPER.writeValueAsString(body));
    }
}
