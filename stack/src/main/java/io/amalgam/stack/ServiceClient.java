package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Speaks to recipe-service over HTTP, as any client would. */
public final class ServiceClient {
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(30);

    /** The service answered, and refused. */
    public static final class Refusal extends IOException {
        private static final long serialVersionUID = 1L;
        private final int status;

        Refusal(int status, String message) {
            super(message);
            this.status = status;
        }

        /** Returns the status of HTTP: from 500 on, asking again may help. */
        public int status() {
            return status;
        }
    }

    private final URI address;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ObjectMapper json = new ObjectMapper();

    /** Speaks to the service at an address. */
    public ServiceClient(URI address) {
        this.address = address;
    }

    /** Returns an empty JSON object to fill. */
    public ObjectNode object() {
        return json.createObjectNode();
    }

    /**
     * Reads a resource.
     *
     * @param path of it, with a leading slash
     * @throws IOException if there is no answer; a {@link Refusal} if the service refuses, whose message is what it says
     */
    public JsonNode get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(address.resolve(path)).timeout(REQUEST_LIMIT).build());
    }

    /**
     * Posts a JSON document.
     *
     * @param path to post to, with a leading slash
     * @param body the document
     * @throws IOException if there is no answer; a {@link Refusal} if the service refuses, whose message is what it says
     */
    public JsonNode post(String path, JsonNode body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(address.resolve(path)).timeout(REQUEST_LIMIT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body))).build());
    }

    /**
     * Deletes a resource, or asks that it end.
     *
     * @param path of it, with a leading slash
     * @throws IOException if there is no answer; a {@link Refusal} if the service refuses, whose message is what it says
     */
    public JsonNode delete(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(address.resolve(path)).timeout(REQUEST_LIMIT).DELETE().build());
    }

    private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response =
                client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        JsonNode body;
        try {
            body = json.readTree(response.body());
        } catch (IOException e) {
            body = json.missingNode();
        }
        if (response.statusCode() >= 300) {
            String detail = body.path("detail").asText(body.path("title").asText(""));
            throw new Refusal(response.statusCode(), request.method() + " " + request.uri().getPath()
                    + " was answered with " + response.statusCode() + (detail.isEmpty() ? "" : ": " + detail));
        }
        return body;
    }
}
