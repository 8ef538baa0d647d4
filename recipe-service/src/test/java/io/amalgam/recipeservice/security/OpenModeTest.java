package io.amalgam.recipeservice.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.recipeservice.Http;
import io.amalgam.recipeservice.LineResource;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The open service, which asks for no token, still answers its own user only. */
@QuarkusTest
@WithTestResource(LineResource.class)
class OpenModeTest {

    @TestHTTPResource
    URI server;

    @Test
    void anotherSitesPageCannotOrder() throws Exception {
        Http http = new Http(server);
        assertEquals(200, http.send("POST", "/api/plans", "text/plain", "merge_method: linear").status());
        for (String[] foreign : new String[][] {
            {"Origin", "https://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}}) {
            assertEquals(403, http.send("POST", "/api/plans", "text/plain", "merge_method: linear", foreign[0], foreign[1])
                    .status(), foreign[1]);
        }
        assertEquals(401, http.get("/api/merges", "Authorization", "Bearer wrong").status(), "a wrong token is no token");
        assertEquals(401, http.get("/api/merges", "Authorization", "Basic YTpi").status());
    }

    @Test
    void aForeignNameForThisMachineIsRefused() throws Exception {
        for (String host : new String[] {"evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example"}) {
            assertTrue(answer("GET /api/merges HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                    .startsWith("HTTP/1.1 403"), host);
        }
        for (String host : new String[] {"localhost", "127.0.0.1", "LOCALHOST:" + server.getPort()}) {
            assertTrue(answer("GET /api/merges HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
                    .startsWith("HTTP/1.1 200"), host);
        }
    }

    private String answer(String request) throws IOException {
        try (Socket socket = new Socket(server.getHost(), server.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
