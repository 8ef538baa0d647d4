package io.amalgam.cli.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpServer;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where the client's token goes, and where not. */
class ServerTokenTest {

    private static final String TOKEN = "amalgam_secret";

    @Test
    void aTokenIsNotSentWhereOthersReadIt() throws Exception {
        for (String readable : List.of("http://amalgam.example", "http://10.0.0.1:8080", "http://127.0.0.1.example")) {
            AmalgamException refusal = assertThrows(AmalgamException.class, () -> new Server(readable, TOKEN), readable);
            assertEquals(ErrorCode.ARGUMENT_INVALID, refusal.code());
            assertFalse(refusal.getMessage().contains(TOKEN));
        }
        new Server("https://amalgam.example", TOKEN);
        new Server("http://amalgam.example", null);
        assertThrows(AmalgamException.class, () -> new Server("http://127.0.0.1", "a\r\nHost: b"));

        List<String> other = Collections.synchronizedList(new ArrayList<>());
        List<String> named = Collections.synchronizedList(new ArrayList<>());
        HttpServer elsewhere = server(other, null);
        HttpServer redirecting = server(named, "http://127.0.0.1:" + elsewhere.getAddress().getPort() + "/");
        try {
            Server server = new Server("http://127.0.0.1:" + redirecting.getAddress().getPort(), TOKEN);
            assertThrows(AmalgamException.class, () -> server.get("api/merges"));
            assertEquals(List.of("Bearer " + TOKEN), named);
            assertEquals(List.of(), other, "a redirect is not followed with a token");
        } finally {
            elsewhere.stop(0);
            redirecting.stop(0);
        }
    }

    private static HttpServer server(List<String> tokens, String redirectTo) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            tokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
            if (redirectTo != null) {
                exchange.getResponseHeaders().set("Location", redirectTo);
            }
            exchange.sendResponseHeaders(redirectTo == null ? 200 : 302, -1);
            exchange.close();
        });
        server.start();
        return server;
    }
}
