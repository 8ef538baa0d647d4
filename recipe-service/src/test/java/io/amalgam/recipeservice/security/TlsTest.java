package io.amalgam.recipeservice.security;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.recipeservice.Http;
import io.amalgam.recipeservice.Recipes;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.common.annotation.Identifier;
import jakarta.inject.Inject;
import java.net.URI;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Kafka and database over TLS: the service works, and nobody without certificate or password gets in. */
@QuarkusTest
@WithTestResource(TlsResource.class)
@Timeout(120)
class TlsTest {

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    @Identifier("default-kafka-broker")
    Map<String, Object> connection;

    @ConfigProperty(name = "quarkus.datasource.jdbc.url")
    String databaseUrl;

    @Test
    void anOrderGoesThroughOverTls() throws Exception {
        Http http = Http.ready(server);
        Http.Answer answer = http.postYaml("/api/merges", Recipes.linear(0.91));
        assertEquals(202, answer.status(), answer.text());
        String id = answer.json().path("id").asText();
        await().atMost(Duration.ofSeconds(60)).until(() ->
                http.get("/api/merges/" + id).json().path("events").size() > 0);
        assertEquals(true, database.read(connection -> Sql.first(connection,
                "select ssl from pg_stat_ssl where pid = pg_backend_pid()", row -> row.getBoolean("ssl"))).orElseThrow());
    }

    @Test
    void withoutThePasswordOrTlsTheBrokerAnswersNobody() {
        assertInstanceOf(SaslAuthenticationException.class,
                refusal(Map.of("sasl.jaas.config", TlsResource.login("guessed"))));
        assertInstanceOf(SslAuthenticationException.class, refusal(Map.of("ssl.truststore.location", otherCertificate())));
        assertInstanceOf(TimeoutException.class, refusal(Map.of("security.protocol", "PLAINTEXT")));
    }

    @Test
    void withoutTlsOrWithAnotherCertificateTheDatabaseIsNotUsed() {
        SQLException plain = assertThrows(SQLException.class, () -> DriverManager.getConnection(
                databaseUrl.replaceAll("\\?.*", "?sslmode=disable"), "postgres", ""));
        assertEquals("28000", plain.getSQLState(), plain.getMessage());
        SQLException other = assertThrows(SQLException.class, () -> DriverManager.getConnection(
                databaseUrl.replaceAll("sslrootcert=.*", "sslrootcert=" + otherCertificate()), "postgres", ""));
        assertTrue(other.getMessage().contains("SSL error"), other.getMessage());
    }

    /** Read when it is needed: in other tests' applications there is none. */
    private static String otherCertificate() {
        return ConfigProvider.getConfig().getValue(TlsResource.OTHER_CERTIFICATE, String.class);
    }

    private Throwable refusal(Map<String, String> changes) {
        Map<String, Object> settings = new HashMap<>(connection);
        settings.putAll(changes);
        settings.put("default.api.timeout.ms", 5_000);
        settings.put("request.timeout.ms", 4_000);
        try (Admin admin = Admin.create(settings)) {
            return assertThrows(ExecutionException.class, () -> admin.describeCluster().nodes().get()).getCause();
        }
    }
}
