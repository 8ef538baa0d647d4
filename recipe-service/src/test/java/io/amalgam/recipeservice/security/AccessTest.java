package io.amalgam.recipeservice.security;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.recipeservice.Http;
import io.amalgam.recipeservice.LineResource;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.trigger.WebhookResource;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.jwt.build.Jwt;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.inject.Inject;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPublicKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets in, and as what. */
@QuarkusTest
@TestProfile(SecuredProfile.class)
@WithTestResource(LineResource.class)
@WithTestResource(Issuer.class)
class AccessTest {

    /** Where tokens are asked for, and what has secrets of its own. */
    private static final Set<Class<?>> OPEN = Set.of(SignInPage.class, WebhookResource.class);

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    Audit audit;

    private Http http;

    @BeforeEach
    void ready() {
        http = new Http(server);
    }

    /** The change has been made: its answer must not become an error of the server because of the audit. */
    @Test
    void aConnectionThatIsLostWhenAChangeHasEndedDoesNotTurnItsAnswerIntoAnError() {
        long entry = audit.begin(Caller.of("somebody", "default"), "127.0.0.1", "post test", "/lost", "trace");
        long closed = database.read(connection -> {
            long count = 0;
            for (int i = 0; i < 20; i++) {
                count += Sql.list(connection, """
                        select pg_terminate_backend(pid) from pg_stat_activity
                        where pid <> pg_backend_pid() and datname = current_database()""", row -> row.getBoolean(1)).size();
                assertDoesNotThrow(() -> audit.end(entry, 202));
            }
            return count;
        });
        assertTrue(closed > 0, "connections were closed");
    }

    @Test
    void everyEndpointNamesItsRole() throws Exception {
        int endpoints = 0;
        java.nio.file.Path classes = java.nio.file.Path.of("target", "classes");
        try (Stream<java.nio.file.Path> files = Files.walk(classes)) {
            for (java.nio.file.Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
                String name = classes.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
                Class<?> type = Class.forName(name, false, getClass().getClassLoader());
                if (!type.isAnnotationPresent(Path.class)) {
                    continue;
                }
                for (var method : type.getDeclaredMethods()) {
                    boolean endpoint = Arrays.stream(method.getAnnotations())
                            .anyMatch(each -> each.annotationType().isAnnotationPresent(HttpMethod.class));
                    if (!endpoint) {
                        continue;
                    }
                    endpoints++;
                    RolesAllowed roles = method.isAnnotationPresent(RolesAllowed.class)
                            ? method.getAnnotation(RolesAllowed.class) : type.getAnnotation(RolesAllowed.class);
                    if (OPEN.contains(type)) {
                        assertTrue(type.isAnnotationPresent(PermitAll.class));
                    } else {
                        assertNotNull(roles, method + " must say by @RolesAllowed who may call it");
                        assertTrue(Stream.of(roles.value()).allMatch(Roles::isKnown), method.toString());
                        assertFalse(method.isAnnotationPresent(PermitAll.class), method.toString());
                    }
                }
            }
        }
        assertTrue(endpoints > 15, "found " + endpoints);
    }

    @Test
    void nothingOfRestOrPagesIsThereWithoutAToken() throws Exception {
        JsonNode paths = http.get("/q/openapi?format=json").json().path("paths");
        assertTrue(paths.size() > 8, paths.toString());
        for (Map.Entry<String, JsonNode> path : paths.properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (!Set.of("get", "post", "put", "delete", "patch", "head").contains(method.getKey())) {
                    continue;
                }
                String address = path.getKey().replaceAll("\\{[^}]*}", "x");
                String type = method.getValue().path("requestBody").path("content").fieldNames().hasNext()
                        ? method.getValue().path("requestBody").path("content").fieldNames().next() : null;
                Http.Answer answer = http.send(method.getKey().toUpperCase(), address, type, type == null ? null : "{}");
                assertEquals(401, answer.status(), method.getKey() + " " + address + " " + answer.text());
                if (address.startsWith("/api/webhooks/")) {
                    // Closed until they have secrets of their own.
                    continue;
                }
                assertEquals("Bearer", answer.header("WWW-Authenticate"));
                if (!method.getKey().equals("head")) {
                    assertEquals("UNAUTHENTICATED", answer.json().path("code").asText(), answer.text());
                }
            }
        }
        for (String page : List.of("/", "/new", "/artifacts", "/leaderboard", "/lineage", "/compare",
                "/workers", "/triggers", "/dead-letters", "/layers/x", "/merges/x", "/artifacts/x")) {
            assertEquals(401, http.get(page).status(), page);
            Http.Answer browser = http.get(page, "Accept", "text/html");
            assertEquals(303, browser.status(), page);
            assertTrue(browser.header("Location").contains("/sign-in?back="), browser.header("Location"));
        }
    }

    @Test
    void rolesIncludeThoseBeforeThem() throws Exception {
        assertEquals(200, get("/api/merges", Issuer.token("a", "read")).status());
        assertEquals(403, get("/api/keys", Issuer.token("a", "read")).status());
        assertEquals("FORBIDDEN", get("/api/keys", Issuer.token("a", "read")).json().path("code").asText());
        assertEquals(403, plan(Issuer.token("a", "read")).status(), "reading is not ordering");
        assertEquals(200, plan(Issuer.token("a", "submit")).status());
        assertEquals(200, get("/api/merges", Issuer.token("a", "submit")).status());
        assertEquals(403, get("/api/audit", Issuer.token("a", "submit")).status());
        assertEquals(200, get("/api/audit", Issuer.token("a", "administer")).status());
        assertEquals(200, plan(Issuer.token("a", "administer")).status());
        assertEquals(403, get("/api/merges", Issuer.token("a", "owner", "Administer", "root")).status(),
                "roles of other systems are none here");
        assertEquals(403, get("/api/merges", Issuer.token("a")).status());
    }

    @Test
    void aTokenMustBeOfTheIssuerForThisServiceAndOfNow() throws Exception {
        Duration minute = Duration.ofMinutes(1);
        String other = Issuer.token(Issuer.newKeys().getPrivate(), Issuer.NAME, Issuer.AUDIENCE, "a", minute, "read");
        assertEquals(401, get("/api/merges", other).status(), "another key");
        assertEquals(401, get("/api/merges",
                Issuer.token(Issuer.key(), "https://other.example", Issuer.AUDIENCE, "a", minute, "read")).status());
        assertEquals(401, get("/api/merges",
                Issuer.token(Issuer.key(), Issuer.NAME, "another-service", "a", minute, "read")).status());
        assertEquals(401, get("/api/merges",
                Issuer.token(Issuer.key(), Issuer.NAME, Issuer.AUDIENCE, "a", Duration.ofHours(-1), "read")).status());
        String good = Issuer.token("a", "read");
        assertEquals(200, get("/api/merges", good).status());
        String[] parts = good.split("\\.");
        String changed = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)
                .replace("\"read\"", "\"administer\"");
        assertEquals(401, get("/api/merges",
                parts[0] + "." + encode(changed) + "." + parts[2]).status(), "changed claims");
    }

    @Test
    void aTokenWithoutASignatureOrWithThePublicKeyAsSecretIsRefused() throws Exception {
        String good = Issuer.token("a", "administer");
        String payload = good.split("\\.")[1];
        for (String algorithm : List.of("none", "None", "NONE", "nOnE")) {
            assertEquals(401, get("/api/merges",
                    encode("{\"alg\":\"" + algorithm + "\",\"typ\":\"JWT\"}") + "." + payload + ".").status(), algorithm);
        }
        RSAPrivateCrtKey key = (RSAPrivateCrtKey) Issuer.key();
        byte[] publicKey = KeyFactory.getInstance("RSA")
                .generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent())).getEncoded();
        String confused = Jwt.issuer(Issuer.NAME).audience(Issuer.AUDIENCE).upn("x").groups("administer")
                .claim("tenant", "a").expiresIn(60).jws().keyId("first").sign(new SecretKeySpec(publicKey, "HmacSHA256"));
        assertEquals(401, get("/api/merges", confused).status());
    }

    @Test
    void aTokenThatNamesNoTenantOrAnImpossibleOneMayNothing() throws Exception {
        Duration minute = Duration.ofMinutes(1);
        for (String tenant : Arrays.asList(null, "", "A", "../b", "a/b", "-a", "a".repeat(64), "ä")) {
            Http.Answer answer = get("/api/merges",
                    Issuer.token(Issuer.key(), Issuer.NAME, Issuer.AUDIENCE, tenant, minute, "administer"));
            assertEquals(403, answer.status(), tenant + answer.text());
        }
    }

    @Test
    void keysAreMadeUsedAndRevoked() throws Exception {
        String administrator = Issuer.ADMINISTRATOR_KEY;
        Http.Answer made = http.send("POST", "/api/keys", "application/json",
                "{\"name\": \"ci\", \"tenant\": \"keyed\", \"roles\": [\"submit\"], \"days\": 30}",
                "Authorization", "Bearer " + administrator);
        assertEquals(201, made.status(), made.text());
        assertEquals("no-store", made.header("Cache-Control"));
        String key = made.json().path("key").asText();
        String id = made.json().path("id").asText();
        assertEquals(200, plan(key).status());
        assertEquals(403, get("/api/keys", key).status());
        assertEquals(401, plan(key.substring(0, key.length() - 1) + (key.endsWith("A") ? "B" : "A")).status());
        assertEquals(401, plan("amalgam_" + id + "_").status());

        String listed = get("/api/keys", administrator).text();
        assertTrue(listed.contains("\"ci\"") && listed.contains("keyed"), listed);
        assertFalse(listed.contains(key) || listed.contains("sha256"), "no list shows a key or its digest");
        List<String> stored = database.read(connection -> Sql.list(connection,
                "select to_jsonb(k)::text as row from owned.api_key k", row -> row.getString("row")));
        assertFalse(stored.toString().contains(key.substring(key.lastIndexOf('_') + 1)), "only the digest is kept");

        Http.Answer revoked = http.send("DELETE", "/api/keys/" + id, null, null, "Authorization", "Bearer " + administrator);
        assertEquals(200, revoked.status(), revoked.text());
        assertEquals(401, plan(key).status(), "revoked from the next request on");
        assertEquals(404, http.send("DELETE", "/api/keys/none", null, null, "Authorization", "Bearer " + administrator)
                .status());
    }

    @Test
    void aKeyStopsWhenItsTimeIsUp() throws Exception {
        String key = newKey("expiring", "submit");
        assertEquals(200, plan(key).status());
        database.transaction(connection -> Sql.update(connection,
                "update owned.api_key set expires_at = now() - interval '1 second' where id = ?",
                ApiKey.idOf(key).orElseThrow()));
        assertEquals(401, plan(key).status());
    }

    @Test
    void orderOfAKeyIsChecked() throws Exception {
        for (String wrong : List.of(
                "{\"tenant\": \"a\", \"roles\": [\"read\"]}",
                "{\"name\": \"x\", \"tenant\": \"../a\", \"roles\": [\"read\"]}",
                "{\"name\": \"x\", \"tenant\": \"a\", \"roles\": []}",
                "{\"name\": \"x\", \"tenant\": \"a\", \"roles\": [\"root\"]}",
                "{\"name\": \"x\", \"tenant\": \"a\", \"roles\": [\"read\"], \"days\": 0}",
                "{\"name\": \"x\\u0000\", \"tenant\": \"a\", \"roles\": [\"read\"]}",
                "[]", "")) {
            Http.Answer answer = http.send("POST", "/api/keys", "application/json", wrong,
                    "Authorization", "Bearer " + Issuer.ADMINISTRATOR_KEY);
            assertEquals(400, answer.status(), wrong + answer.text());
        }
    }

    @Test
    void aBrowserKeepsItsTokenWhereNoScriptReadsIt() throws Exception {
        Http.Answer page = http.get("/sign-in?back=/leaderboard");
        assertEquals(200, page.status());
        assertTrue(page.text().contains("value=\"/leaderboard\""), page.text());
        assertFalse(http.get("/sign-in?back=//evil.example").text().contains("evil"), "no open redirect");
        assertFalse(http.get("/sign-in?back=https://evil.example").text().contains("evil"));
        assertFalse(http.get("/sign-in?back=/%5Cevil.example").text().contains("evil"));

        String token = Issuer.token("a", "read");
        Http.Answer kept = http.send("POST", "/sign-in", "application/x-www-form-urlencoded",
                "back=/leaderboard&token=" + token);
        assertEquals(303, kept.status(), kept.text());
        String cookie = kept.header("Set-Cookie");
        assertTrue(cookie.contains("HttpOnly") && cookie.toLowerCase().contains("samesite=strict"), cookie);
        for (String credential : List.of(token, newKey("browser", "read"))) {
            assertEquals(200, http.get("/leaderboard", "Cookie", "amalgam_token=" + credential).status());
        }
        assertEquals(303, http.get("/leaderboard", "Accept", "text/html", "Cookie", "amalgam_token=wrong").status());
        assertEquals(200, http.get("/sign-in", "Cookie", "amalgam_token=wrong").status(), "no circle");
        assertEquals(400, http.send("POST", "/sign-in", "application/x-www-form-urlencoded",
                "token=a%0d%0aSet-Cookie:b").status());
        assertTrue(http.send("POST", "/sign-in/out", "application/x-www-form-urlencoded", "").header("Set-Cookie")
                .contains("Max-Age=0"));
    }

    @Test
    void anotherSitesPageCannotUseTheBrowsersCookie() throws Exception {
        String cookie = "amalgam_token=" + newKey("cross-site", "submit");
        String recipe = "merge_method: linear";
        assertEquals(200, http.send("POST", "/api/plans", "text/plain", recipe, "Cookie", cookie).status());
        for (String[] foreign : new String[][] {
            {"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "::"},
            {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}}) {
            Http.Answer answer =
                    http.send("POST", "/api/plans", "text/plain", recipe, "Cookie", cookie, foreign[0], foreign[1]);
            assertEquals(403, answer.status(), foreign[1] + answer.text());
        }
        assertEquals(200, http.send("POST", "/api/plans", "text/plain", recipe, "Cookie", cookie,
                "Origin", "http://" + server.getAuthority(), "Sec-Fetch-Site", "same-origin").status());
        Http.Answer preflight = http.send("OPTIONS", "/api/merges", null, null, "Origin", "https://evil.example",
                "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization");
        assertNull(preflight.header("Access-Control-Allow-Origin"), "no other site reads answers");
    }

    @Test
    void everyAnswerHasItsHeaders() throws Exception {
        for (String path : List.of("/", "/sign-in", "/api/merges", "/static/amalgam.js", "/none")) {
            Http.Answer answer = http.get(path);
            assertTrue(answer.header("Content-Security-Policy").contains("default-src 'self'"), path);
            assertFalse(answer.header("Content-Security-Policy").contains("unsafe"), path);
            assertTrue(answer.header("Content-Security-Policy").contains("frame-ancestors 'none'"), path);
            assertEquals("nosniff", answer.header("X-Content-Type-Options"), path);
            assertEquals("DENY", answer.header("X-Frame-Options"), path);
            assertEquals("same-origin", answer.header("Referrer-Policy"), path);
        }
        assertEquals("nosniff", http.get("/q/health/live").header("X-Content-Type-Options"));
    }

    @Test
    void everyChangeIsAudited() throws Exception {
        String id = ApiKey.idOf(newKey("audited", "read")).orElseThrow();
        http.send("DELETE", "/api/keys/" + id, null, null, "Authorization", "Bearer " + Issuer.ADMINISTRATOR_KEY);
        http.send("PUT", "/api/tenants/audited/quota", "application/json", "{\"merges\": -1}",
                "Authorization", "Bearer " + Issuer.ADMINISTRATOR_KEY);
        http.send("POST", "/api/merges", "application/yaml", "no recipe",
                "Authorization", "Bearer " + Issuer.token("audited", "submit"));
        JsonNode entries = get("/api/audit?limit=1000", Issuer.ADMINISTRATOR_KEY).json().path("entries");
        JsonNode deleted = find(entries, "delete revoke", "/api/keys/" + id);
        assertEquals(200, deleted.path("status").asInt());
        assertEquals("administrator", deleted.path("actor").asText());
        assertEquals(400, find(entries, "put set", "/api/tenants/audited/quota").path("status").asInt(),
                "attempts count, too");
        JsonNode order = find(entries, "post submit", "/api/merges");
        assertEquals("person@audited", order.path("actor").asText(), order.toString());
        assertEquals("audited", order.path("tenant").asText());
        assertEquals(127, Integer.parseInt(order.path("address").asText().split("\\.")[0]));
        assertEquals(32, order.path("trace").asText().length());
    }

    @Test
    void neitherLogsNorAnswersNorTheDatabaseContainTokens() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                // What libraries say when they are debugged is not ours to choose; see docs/security.md.
                boolean ours = String.valueOf(record.getLoggerName()).startsWith("io.amalgam");
                if (!ours && record.getLevel().intValue() < Level.INFO.intValue()) {
                    return;
                }
                lines.add(record.getMessage() + Arrays.toString(record.getParameters()));
                for (Throwable cause = record.getThrown(); cause != null; cause = cause.getCause()) {
                    lines.add(String.valueOf(cause.getMessage()));
                }
            }

            @Override
            public void flush() {
                // Everything is in the list.
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
        String key = newKey("logged", "submit");
        String token = Issuer.token("logged", "submit");
        String wrong = Issuer.token(Issuer.newKeys().getPrivate(), Issuer.NAME, Issuer.AUDIENCE, "a", Duration.ofMinutes(1));
        String expired =
                Issuer.token(Issuer.key(), Issuer.NAME, Issuer.AUDIENCE, "a", Duration.ofHours(-1), "read");
        String guess = ApiKey.PREFIX + "0".repeat(16) + "_" + "guessedguessedguessedguessedguessedguessed0";
        Logger root = Logger.getLogger("");
        Level before = root.getLevel();
        root.addHandler(handler);
        root.setLevel(Level.ALL);
        StringBuilder answers = new StringBuilder();
        try {
            for (String credential : List.of(key, token, wrong, expired, guess, Issuer.ADMINISTRATOR_KEY)) {
                answers.append(plan(credential).text()).append(get("/api/audit", credential).text())
                        .append(get("/api/none", credential).text())
                        .append(http.get("/leaderboard", "Cookie", "amalgam_token=" + credential).text())
                        .append(http.send("POST", "/api/merges", "application/yaml", "merge_method: none",
                                "Authorization", "Bearer " + credential).text())
                        .append(http.send("POST", "/sign-in", "application/x-www-form-urlencoded",
                                "token=" + credential).text());
            }
        } finally {
            root.removeHandler(handler);
            root.setLevel(before);
        }
        assertFalse(lines.isEmpty(), "nothing was captured");
        String rows = database.read(connection -> Sql.list(connection, "select to_jsonb(a)::text as row from owned.audit a",
                row -> row.getString("row"))).toString();
        for (String credential : List.of(key, token, wrong, expired, guess, Issuer.ADMINISTRATOR_KEY)) {
            String secret = credential.substring(credential.length() - 30);
            assertFalse(lines.stream().anyMatch(line -> line.contains(secret)), () -> "in the log: "
                    + lines.stream().filter(line -> line.contains(secret)).findFirst().orElseThrow());
            assertFalse(answers.toString().contains(secret), "in an answer");
            assertFalse(rows.contains(secret), "in the audit");
        }
    }

    private static JsonNode find(JsonNode entries, String action, String subject) {
        for (JsonNode entry : entries) {
            if (entry.path("action").asText().equals(action) && entry.path("subject").asText().equals(subject)) {
                return entry;
            }
        }
        throw new AssertionError("no " + action + " of " + subject + " in " + entries);
    }

    private String newKey(String name, String role) throws Exception {
        return http.send("POST", "/api/keys", "application/json",
                "{\"name\": \"" + name + "\", \"tenant\": \"a\", \"roles\": [\"" + role + "\"]}",
                "Authorization", "Bearer " + Issuer.ADMINISTRATOR_KEY).json().path("key").asText();
    }

    private Http.Answer get(String path, String token) throws Exception {
        return http.get(path, "Authorization", "Bearer " + token);
    }

    private Http.Answer plan(String token) throws Exception {
        return http.send("POST", "/api/plans", "application/yaml", "merge_method: linear",
                "Authorization", "Bearer " + token);
    }

    private static String encode(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
