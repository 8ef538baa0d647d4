package io.amalgam.engine.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The side of the Hub that takes models in, as its Python library speaks to it: repositories, the LFS batch protocol in
 * one request or in parts, commits. Files of a commit are visible only when storage has what it names.
 */
final class HubUploadServer implements AutoCloseable {
    static final String TOKEN = "hf_write";
    static final int PART = 10_000;
    private static final int LARGE = 1_000;

    final Map<String, byte[]> committed = new TreeMap<>();
    final Map<String, byte[]> stored = new TreeMap<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    final AtomicInteger faults = new AtomicInteger();
    volatile boolean inParts;
    volatile Boolean isPrivate;
    volatile String summary;
    private final Map<String, byte[]> parts = new TreeMap<>();
    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer hub;
    private final HttpServer storage;
    private boolean exists;

    HubUploadServer() throws IOException {
        hub = server();
        storage = server();
        hub.createContext("/", exchange -> handle(exchange, this::hub));
        storage.createContext("/", exchange -> handle(exchange, this::storage));
        hub.start();
        storage.start();
    }

    private static HttpServer server() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        return server;
    }

    private static URI address(HttpServer server) {
        return URI.create("http://" + server.getAddress().getAddress().getHostAddress() + ":" + server.getAddress().getPort());
    }

    URI address() {
        return address(hub);
    }

    private interface Handler {
        byte[] answer(HttpExchange exchange, String path, byte[] body) throws IOException;
    }

    private void handle(HttpExchange exchange, Handler handler) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        requests.add(exchange.getRequestMethod() + " " + path);
        byte[] answer;
        try {
            answer = handler.answer(exchange, path, body);
        } catch (Refusal refusal) {
            exchange.sendResponseHeaders(refusal.status, -1);
            exchange.close();
            return;
        }
        exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private static final class Refusal extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final int status;

        Refusal(int status) {
            super("status " + status);
            this.status = status;
        }
    }

    private byte[] hub(HttpExchange exchange, String path, byte[] body) throws IOException {
        if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            throw new Refusal(401);
        }
        if (path.equals("/api/repos/create")) {
            JsonNode request = json.readTree(body);
            require(request.path("organization").asText().equals("owner") && request.path("name").asText().equals("name"));
            if (exists) {
                throw new Refusal(409);
            }
            exists = true;
            isPrivate = request.has("private") ? request.path("private").asBoolean() : null;
            return json.writeValueAsBytes(Map.of("url", address() + "/owner/name"));
        }
        require(exists);
        return switch (path) {
            case "/api/models/owner/name/preupload/main" -> preupload(json.readTree(body));
            case "/owner/name.git/info/lfs/objects/batch" -> batch(json.readTree(body));
            case "/owner/name.git/info/lfs/objects/verify" -> verify(json.readTree(body));
            case "/api/models/owner/name/commit/main" -> commit(new String(body, StandardCharsets.UTF_8));
            default -> throw new Refusal(404);
        };
    }

    private static void require(boolean condition) {
        if (!condition) {
            throw new Refusal(400);
        }
    }

    private byte[] preupload(JsonNode request) throws IOException {
        ObjectNode answer = json.createObjectNode();
        ArrayNode files = answer.putArray("files");
        for (JsonNode file : request.path("files")) {
            require(Base64.getDecoder().decode(file.path("sample").asText()).length == Math.min(512, file.path("size").asInt()));
            files.addObject().put("path", file.path("path").asText())
                    .put("uploadMode", file.path("size").asInt() > LARGE ? "lfs" : "regular");
        }
        return json.writeValueAsBytes(answer);
    }

    private byte[] batch(JsonNode request) throws IOException {
        require(request.path("operation").asText().equals("upload") && request.path("hash_algo").asText().equals("sha256"));
        ObjectNode answer = json.createObjectNode().put("transfer", inParts ? "multipart" : "basic");
        ArrayNode objects = answer.putArray("objects");
        for (JsonNode object : request.path("objects")) {
            String oid = object.path("oid").asText();
            ObjectNode described = objects.addObject().put("oid", oid).put("size", object.path("size").asInt());
            if (!stored.containsKey(oid)) {
                ObjectNode upload = described.putObject("actions").putObject("upload");
                upload.put("href", address(storage) + "/" + oid + (inParts ? "/complete" : ""));
                ObjectNode header = upload.putObject("header");
                if (inParts) {
                    header.put("chunk_size", Integer.toString(PART));
                    for (int part = 1; (part - 1) * PART < object.path("size").asInt(); part++) {
                        header.put(String.format("%05d", part), address(storage) + "/" + oid + "/" + part);
                    }
                }
                described.withObject("/actions").putObject("verify").put("href", address() + "/owner/name.git/info/lfs/objects/verify");
            }
        }
        return json.writeValueAsBytes(answer);
    }

    private byte[] verify(JsonNode request) {
        require(stored.containsKey(request.path("oid").asText())
                && stored.get(request.path("oid").asText()).length == request.path("size").asInt());
        return new byte[0];
    }

    private byte[] storage(HttpExchange exchange, String path, byte[] body) throws IOException {
        // Storage is another server: the Hub's token is none of its business.
        require(exchange.getRequestHeaders().getFirst("Authorization") == null);
        if (faults.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new Refusal(503);
        }
        String[] parts = path.substring(1).split("/");
        if (exchange.getRequestMethod().equals("PUT") && parts.length == 1) {
            require(sha256(body).equals(parts[0]));
            stored.put(parts[0], body);
        } else if (exchange.getRequestMethod().equals("PUT")) {
            this.parts.put(parts[0] + "/" + parts[1], body);
            exchange.getResponseHeaders().set("ETag", "\"" + sha256(body) + "\"");
        } else {
            complete(parts[0], json.readTree(body));
        }
        return new byte[0];
    }

    private void complete(String oid, JsonNode request) {
        require(request.path("oid").asText().equals(oid));
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (JsonNode part : request.path("parts")) {
            byte[] content = parts.get(oid + "/" + part.path("partNumber").asInt());
            require(("\"" + sha256(content) + "\"").equals(part.path("etag").asText()));
            whole.writeBytes(content);
        }
        require(sha256(whole.toByteArray()).equals(oid));
        stored.put(oid, whole.toByteArray());
    }

    private byte[] commit(String lines) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        for (String line : lines.split("\n")) {
            JsonNode entry = json.readTree(line);
            JsonNode value = entry.path("value");
            switch (entry.path("key").asText()) {
                case "header" -> summary = value.path("summary").asText();
                case "file" -> files.put(value.path("path").asText(), Base64.getDecoder().decode(value.path("content").asText()));
                case "lfsFile" -> {
                    require(stored.containsKey(value.path("oid").asText()));
                    files.put(value.path("path").asText(), stored.get(value.path("oid").asText()));
                }
                default -> throw new Refusal(400);
            }
        }
        committed.putAll(files);
        return json.writeValueAsBytes(Map.of("commitOid", HubServer.COMMIT));
    }

    static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
    }
}
