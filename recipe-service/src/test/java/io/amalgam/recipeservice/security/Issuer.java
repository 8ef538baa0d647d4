package io.amalgam.recipeservice.security;

import com.sun.net.httpserver.HttpServer;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.smallrye.jwt.build.Jwt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * An identity provider on loopback, as far as the service sees one: a JWKS document at an address, and tokens that are
 * signed by its key. The service and the tests may be loaded by different class loaders, and share the key by a file.
 */
public final class Issuer implements QuarkusTestResourceLifecycleManager {

    static final String NAME = "https://issuer.example";
    static final String AUDIENCE = "amalgam";
    static final String ADMINISTRATOR_KEY = "0123456789abcdef0123456789abcdef0123456789abcdef";

    private static final String KEY_ID = "first";
    private static final String KEY_FILE = "test.issuer.key-file";
    private static final int KEY_BITS = 2048;

    private HttpServer server;

    @Override
    public Map<String, String> start() {
        try {
            KeyPair pair = newKeys();
            Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "issuer")), "run-");
            Path key = Files.write(folder.resolve("key"), pair.getPrivate().getEncoded()).toAbsolutePath();
            Path administrator = Files.writeString(folder.resolve("administrator"), ADMINISTRATOR_KEY + "\n")
                    .toAbsolutePath();
            byte[] document = jwks((RSAPublicKey) pair.getPublic()).getBytes(StandardCharsets.UTF_8);
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()), 0);
            server.createContext("/jwks", exchange -> {
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, document.length);
                try (var body = exchange.getResponseBody()) {
                    body.write(document);
                }
            });
            server.start();
            return Map.of(
                    "amalgam.security.open", "false",
                    "amalgam.security.administrator-key-file", administrator.toString(),
                    "mp.jwt.verify.publickey.location", keysAddress(),
                    "mp.jwt.verify.issuer", NAME,
                    "mp.jwt.verify.audiences", AUDIENCE,
                    KEY_FILE, key.toString());
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    @Override
    public void stop() {
        if (server != null) {
            server.stop(0);
        }
    }

    /** Where the service finds the issuer's keys. */
    static String keysAddress() {
        return "http://127.0.0.1:" + port() + "/jwks";
    }

    private static int port() {
        return Integer.getInteger(SecuredProfile.ISSUER_PORT);
    }

    /** A token of a person of a tenant. */
    static String token(String tenant, String... roles) {
        return token(key(), NAME, AUDIENCE, tenant, Duration.ofMinutes(5), roles);
    }

    /** A token with a choice of everything that is checked. */
    static String token(
            PrivateKey key, String issuer, String audience, String tenant, Duration validity, String... roles) {
        var claims = Jwt.issuer(issuer).audience(audience).subject(UUID.randomUUID().toString())
                .upn("person@" + tenant).groups(Set.of(roles));
        if (tenant != null) {
            claims.claim("tenant", tenant);
        }
        long now = System.currentTimeMillis() / 1000;
        return claims.issuedAt(Math.min(now, now + validity.toSeconds() - 1)).expiresAt(now + validity.toSeconds())
                .jws().keyId(KEY_ID).sign(key);
    }

    /** The key of the service's issuer. */
    static PrivateKey key() {
        try {
            byte[] encoded = Files.readAllBytes(Path.of(ConfigProvider.getConfig().getValue(KEY_FILE, String.class)));
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(encoded));
        } catch (IOException | GeneralSecurityException failure) {
            throw new IllegalStateException(failure);
        }
    }

    /** Keys of somebody else. */
    static KeyPair newKeys() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(KEY_BITS);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String jwks(RSAPublicKey key) {
        return """
                {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "%s", "n": "%s", "e": "%s"}]}"""
                .formatted(KEY_ID, number(key.getModulus()), number(key.getPublicExponent()));
    }

    private static String number(BigInteger value) {
        byte[] bytes = value.toByteArray();
        int from = bytes[0] == 0 ? 1 : 0;
        return Base64.getUrlEncoder().withoutPadding()
                .encodeToString(Arrays.copyOfRange(bytes, from, bytes.length));
    }
}
