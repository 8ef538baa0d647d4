package io.amalgam.cli.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A recipe-service, reached by HTTP. Its problem responses come out as {@link AmalgamException}s. */
final class Server {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
    private static final int OK_LIMIT = 300;

    private final URI root;
    private final String token;
    private final HttpClient client;

    /**
     * The service at an address such as {@code http://127.0.0.1:8080}.
     *
     * @param token sent to it and to nobody else, or null
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if a token would have to travel readable for others
     */
    Server(String address, String token) {
        URI uri;
        try {
            uri = URI.create(address.endsWith("/") ? address : address + "/");
        } catch (IllegalArgumentException malformed) {
            throw wrongAddress(address);
        }
        if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw wrongAddress(address);
        }
        root = uri;
        this.token = token == null || token.isBlank() ? null : token.strip();
        if (this.token != null && this.token.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "The token has blanks or characters that no token has; copy it again.");
        }
        if (this.token != null && "http".equals(uri.getScheme()) && !isLoopback(uri.getHost())) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "A token is not sent to " + uri.getHost()
                    + " by http, where everybody on the way can read it; use https.");
        }
        // A redirect could lead the token elsewhere; recipe-service answers with none.
        client = HttpClient.newBuilder()
                .connectTimeout(CONNECT_LIMIT)
                .followRedirects(this.token == null ? HttpClient.Redirect.NORMAL : HttpClient.Redirect.NEVER)
                .build();
    }

    private static boolean isLoopback(String host) {
        return host.equalsIgnoreCase("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    /** The address of something on the service; {@code path} begins without a slash. */
    URI resolve(String path) {
        return root.resolve(path);
    }

    /** Encodes a segment of a path or a value of a query. */
    static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** Writes a document as people and programs can read it. */
    static String pretty(JsonNode document) {
        return document.toPrettyString();
    }

    /** Gets a JSON document. */
    JsonNode get(String path) {
        return json(request(path).GET());
    }

    /** Posts a JSON document and returns the answer. */
    JsonNode post(String path, Map<String, Object> body) {
        try {
            return json(request(path)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(MAPPER.writeValueAsString(body))));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Deletes and returns the answer. */
    JsonNode delete(String path) {
        return json(request(path).DELETE());
    }

    /**
     * Opens a stream: events, or a file. The caller closes it; how long it stays open is not limited.
     *
     * @param headers names and values in turn
     */
    HttpResponse<InputStream> open(String path, String... headers) throws IOException {
        HttpRequest.Builder request = request(path).GET();
        if (headers.length > 0) {
            request.headers(headers);
        }
        HttpResponse<InputStream> response = send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() >= OK_LIMIT) {
            try (InputStream body = response.body()) {
                throw problem(response.statusCode(), body.readAllBytes());
            }
        }
        return response;
    }

    /** Reads JSON that the service sent. */
    static JsonNode parse(byte[] json) {
        try {
            return MAPPER.readTree(json);
        } catch (IOException malformed) {
            throw new AmalgamException(ErrorCode.SERVICE_UNAVAILABLE,
                    "The server's answer is not JSON; is there another program at this address?", malformed);
        }
    }

    private JsonNode json(HttpRequest.Builder request) {
        HttpRequest built = request.header("Accept", "application/json").timeout(ANSWER_LIMIT).build();
        HttpResponse<byte[]> response;
        try {
            response = send(built, HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException failure) {
            throw unreachable(failure);
        }
        if (response.statusCode() >= OK_LIMIT) {
            throw problem(response.statusCode(), response.body());
        }
        // What was deleted is answered with nothing.
        return response.body().length == 0 ? MissingNode.getInstance() : parse(response.body());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(resolve(path));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request;
    }

    private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) throws IOException {
        try {
            return client.send(request, handler);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Interrupted while waiting for the server.", interrupted);
        }
    }

    /** The failure of a server that cannot be reached. */
    AmalgamException unreachable(IOException failure) {
        String reason = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        return new AmalgamException(ErrorCode.SERVICE_UNAVAILABLE, "No recipe-service answers at " + root + " (" + reason
                + "); start one with ./amalgam up, or say where it is with --server or AMALGAM_SERVER.", failure);
    }

    private static AmalgamException wrongAddress(String address) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                "--server is \"" + address + "\"; expected an address such as http://127.0.0.1:8080.");
    }

    private static AmalgamException problem(int status, byte[] body) {
        JsonNode problem;
        try {
            problem = MAPPER.readTree(body);
        } catch (IOException noJson) {
            problem = MAPPER.createObjectNode();
        }
        if (!problem.has("code")) {
            return new AmalgamException(ErrorCode.SERVICE_UNAVAILABLE,
                    "The server answered with HTTP status " + status + " and no explanation.");
        }
        List<Problem> problems = new ArrayList<>();
        for (JsonNode error : problem.path("errors")) {
            problems.add(problem(error, problem.path("code").asText()));
        }
        return problems.isEmpty()
                ? new AmalgamException(code(problem.path("code").asText()), problem.path("detail").asText())
                : new AmalgamException(problems);
    }

    /** Reads a problem as the service writes it. */
    static Problem problem(JsonNode error, String defaultCode) {
        Problem.Severity severity = switch (error.path("severity").asText("error")) {
            case "warning" -> Problem.Severity.WARNING;
            case "note" -> Problem.Severity.NOTE;
            default -> Problem.Severity.ERROR;
        };
        return new Problem(code(error.path("code").asText(defaultCode)), severity, error.path("message").asText(), null,
                error.path("line").asInt(0), error.path("column").asInt(0));
    }

    /** A newer server may have codes that this program does not know. */
    private static ErrorCode code(String name) {
        try {
            return ErrorCode.valueOf(name);
        } catch (IllegalArgumentException unknown) {
            return ErrorCode.INTERNAL;
        }
    }
}
