package io.amalgam.recipeservice.security;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;

/**
 * A Kafka broker that speaks only TLS with SASL, and a PostgreSQL that speaks only TLS, with certificates that nobody
 * signed but themselves. The secrets lie in a file, and the service is told where.
 */
public final class TlsResource implements QuarkusTestResourceLifecycleManager {

    static final String PASSWORD = "word-of-the-broker";
    static final String CERTIFICATE = "test.tls.certificate";
    static final String OTHER_CERTIFICATE = "test.tls.other-certificate";

    private static final String STORE_PASSWORD = "store-word";
    private static final String JAAS =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"amalgam\" password=\"%s\"";

    private EmbeddedPostgres postgres;
    private BrokerProcess broker;

    /** The login of a client with a password. */
    static String login(String password) {
        return JAAS.formatted(password) + ";";
    }

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "tls").toAbsolutePath()), "run-");
            Path certificate = keys(folder, "server");
            Path other = keys(folder, "other");
            broker = broker(folder);
            postgres = postgres(folder, certificate);
            Path secrets = Files.writeString(folder.resolve("secrets.properties"),
                    "kafka.sasl.jaas.config=" + login(PASSWORD) + "\nquarkus.datasource.password=unused\n");
            return Map.ofEntries(
                    Map.entry("quarkus.config.locations", secrets.toUri().toString()),
                    Map.entry("kafka.bootstrap.servers", broker.bootstrapServers()),
                    Map.entry("kafka.security.protocol", "SASL_SSL"),
                    Map.entry("kafka.sasl.mechanism", "PLAIN"),
                    Map.entry("kafka.ssl.truststore.type", "PEM"),
                    Map.entry("kafka.ssl.truststore.location", certificate.toString()),
                    Map.entry("quarkus.datasource.jdbc.url", "jdbc:postgresql://127.0.0.1:" + postgres.getPort()
                            + "/postgres?sslmode=verify-full&sslrootcert=" + certificate),
                    Map.entry("quarkus.datasource.username", "postgres"),
                    Map.entry("amalgam.models.root",
                            Path.of("..", "samples", "models").toAbsolutePath().normalize().toString()),
                    Map.entry("amalgam.store.root", Files.createDirectories(folder.resolve("store")).toString()),
                    Map.entry(CERTIFICATE, certificate.toString()),
                    Map.entry(OTHER_CERTIFICATE, other.toString()));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private static BrokerProcess broker(Path folder) throws IOException {
        int port = BrokerProcess.freePort();
        int controller = BrokerProcess.freePort();
        int inside = BrokerProcess.freePort();
        return BrokerProcess.start(folder.resolve("kafka"), port, Map.ofEntries(
                Map.entry("listeners", "SASL_SSL://127.0.0.1:" + port + ",INSIDE://127.0.0.1:" + inside
                        + ",CONTROLLER://127.0.0.1:" + controller),
                Map.entry("advertised.listeners", "SASL_SSL://127.0.0.1:" + port + ",INSIDE://127.0.0.1:" + inside),
                Map.entry("listener.security.protocol.map", "SASL_SSL:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"),
                Map.entry("inter.broker.listener.name", "INSIDE"),
                Map.entry("controller.quorum.voters", "1@127.0.0.1:" + controller),
                Map.entry("sasl.enabled.mechanisms", "PLAIN"),
                Map.entry("listener.name.sasl_ssl.plain.sasl.jaas.config",
                        JAAS.formatted(PASSWORD) + " user_amalgam=\"" + PASSWORD + "\";"),
                Map.entry("ssl.keystore.type", "PKCS12"),
                Map.entry("ssl.keystore.location", folder.resolve("server.p12").toString()),
                Map.entry("ssl.keystore.password", STORE_PASSWORD),
                Map.entry("ssl.key.password", STORE_PASSWORD)), folder.resolve("kafka.log"));
    }

    private static EmbeddedPostgres postgres(Path folder, Path certificate) throws IOException {
        Path rules = Files.writeString(folder.resolve("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n");
        return EmbeddedPostgres.builder()
                .setDataDirectory(folder.resolve("postgres"))
                .setServerConfig("ssl", "on")
                .setServerConfig("ssl_cert_file", certificate.toString())
                .setServerConfig("ssl_key_file", folder.resolve("server.key").toString())
                .setServerConfig("hba_file", rules.toString())
                .start();
    }

    /** Makes a key pair with a certificate for 127.0.0.1, by the JDK's own tool; returns the certificate's file. */
    private static Path keys(Path folder, String name) throws IOException {
        Path store = folder.resolve(name + ".p12");
        Path certificate = folder.resolve(name + ".crt");
        String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        run(tool, "-genkeypair", "-alias", name, "-keyalg", "EC", "-groupname", "secp256r1", "-validity", "2", "-dname",
                "CN=127.0.0.1", "-ext", "SAN=IP:127.0.0.1,DNS:localhost", "-ext", "BC=ca:true", "-storetype", "PKCS12",
                "-keystore", store.toString(), "-storepass", STORE_PASSWORD);
        run(tool, "-exportcert", "-rfc", "-alias", name, "-keystore", store.toString(), "-storepass", STORE_PASSWORD,
                "-file", certificate.toString());
        try {
            Key key = KeyStore.getInstance(store.toFile(), STORE_PASSWORD.toCharArray())
                    .getKey(name, STORE_PASSWORD.toCharArray());
            Path pem = Files.writeString(folder.resolve(name + ".key"), "-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key.getEncoded())
                    + "\n-----END PRIVATE KEY-----\n");
            Files.setPosixFilePermissions(pem, PosixFilePermissions.fromString("rw-------"));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
        return certificate;
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IOException(command[0] + " failed: " + output);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException(interrupted);
        }
    }

    @Override
    public void stop() {
        if (broker != null) {
            broker.close();
        }
        if (postgres != null) {
            try {
                postgres.close();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }
}
