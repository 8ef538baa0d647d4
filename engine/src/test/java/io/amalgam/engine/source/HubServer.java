package io.amalgam.engine.source;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A server on loopback that is shaped like the Hub and misbehaves on request: each request for a file takes the next
 * fault from a list, and behaves when the list is empty.
 */
final class HubServer implements AutoCloseable {

    /** How one request goes wrong. */
    enum Fault {
        NONE, RESET_HALFWAY, TRUNCATED, WRONG_RANGE, WRONG_TOTAL, IGNORES_RANGE, STALLS, TOO_MANY_REQUESTS, SERVER_ERROR, EXPIRED
    }

    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    final Map<String, byte[]> files = new TreeMap<>();
    final Deque<Fault> faults = new ConcurrentLinkedDeque<>();
    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<String> tokens = new CopyOnWriteArrayList<>();
    volatile String redirectTo;
    volatile String requiredToken;
    volatile boolean sizesAreTold = true;
    private final HttpServer server;

    HubServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/api/models/", this::describe);
        server.createContext("/", this::serve);
        server.start();
    }

    URI address() {
        return URI.create("http://" + server.getAddress().getAddress().getHostAddress() + ":" + server.getAddress().getPort());
    }

    private boolean note(HttpExchange exchange) throws IOException {
        requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + exchange.getRequestHeaders().getFirst("Range"));
        String token = exchange.getRequestHeaders().getFirst("Authorization");
        tokens.add(String.valueOf(token));
        if (requiredToken != null && !("Bearer " + requiredToken).equals(token)) {
            answer(exchange, 401, new byte[0]);
            return false;
        }
        return true;
    }

    private void describe(HttpExchange exchange) throws IOException {
        if (!note(exchange)) {
            return;
        }
        if (!exchange.getRequestURI().getPath().startsWith("/api/models/owner/name/revision/")) {
            answer(exchange, 404, new byte[0]);
            return;
        }
        StringBuilder siblings = new StringBuilder();
        files.forEach((name, content) -> siblings.append(siblings.isEmpty() ? "" : ",").append("{\"rfilename\":\"").append(name).append('"')
                .append(sizesAreTold ? ",\"size\":" + content.length : "").append('}'));
        answer(exchange, 200, ("{\"sha\":\"" + COMMIT + "\",\"siblings\":[" + siblings + "]}").getBytes(StandardCharsets.UTF_8));
    }

    private void serve(HttpExchange exchange) throws IOException {
        if (!note(exchange)) {
            return;
        }
        String path = exchange.getRequestURI().getPath();
        byte[] content = files.get(path.substring(path.lastIndexOf('/') + 1));
        if (content == null) {
            answer(exchange, 404, new byte[0]);
            return;
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().set("X-Linked-Size", Integer.toString(content.length));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
            return;
        }
        if (redirectTo != null) {
            exchange.getResponseHeaders().set("Location", redirectTo.endsWith("/") ? redirectTo + path.substring(1) : redirectTo);
            answer(exchange, 302, new byte[0]);
            return;
        }
        Fault fault = faults.isEmpty() ? Fault.NONE : faults.poll();
        String[] range = exchange.getRequestHeaders().getFirst("Range").substring("bytes=".length()).split("-");
        int from = Integer.parseInt(range[0]);
        int to = Integer.parseInt(range[1]);
        byte[] part = Arrays.copyOfRange(content, from, to + 1);
        switch (fault) {
            case TOO_MANY_REQUESTS -> {
                exchange.getResponseHeaders().set("Retry-After", "1");
                answer(exchange, 429, new byte[0]);
            }
            case SERVER_ERROR -> answer(exchange, 503, new byte[0]);
            case EXPIRED -> answer(exchange, 403, new byte[0]);
            case IGNORES_RANGE -> answer(exchange, 200, content);
            case WRONG_RANGE -> {
                exchange.getResponseHeaders().set("Content-Range", "bytes " + (from + 1) + "-" + to + "/" + content.length);
                answer(exchange, 206, part);
            }
            case WRONG_TOTAL -> {
                exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + (content.length + 1));
                answer(exchange, 206, part);
            }
            case NONE, RESET_HALFWAY, TRUNCATED, STALLS -> {
                exchange.getResponseHeaders().set("Content-Range", "bytes " + from + "-" + to + "/" + content.length);
                exchange.sendResponseHeaders(206, part.length);
                OutputStream body = exchange.getResponseBody();
                body.write(part, 0, fault == Fault.NONE ? part.length : part.length / 2);
                body.flush();
                if (fault == Fault.STALLS) {
                    sleep();
                }
                exchange.close();
            }
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(20_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, byte[] content) throws IOException {
        exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
