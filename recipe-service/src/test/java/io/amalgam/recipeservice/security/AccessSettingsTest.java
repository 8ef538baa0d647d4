package io.amalgam.recipeservice.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings with which the service does not start, and the arithmetic of rates. */
class AccessSettingsTest {

    @Test
    void theServiceIsOpenOnlyWhereNobodyElseReachesIt() {
        for (String host : new String[] {"127.0.0.1", "localhost", "::1", "127.8.8.8"}) {
            settings(true, host, null, null, null, null).check();
        }
        for (String host : new String[] {"0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "no-such-host.invalid"}) {
            AmalgamException refusal = assertThrows(
                    AmalgamException.class, () -> settings(true, host, null, null, null, null).check(), host);
            assertTrue(refusal.getMessage().contains("amalgam.security.open"), refusal.getMessage());
            settings(false, host, null, null, null, null).check();
        }
    }

    @Test
    void tokensNeedAnIssuerAndAnAudience() {
        settings(false, "0.0.0.0", "https://keys.example", "https://issuer.example", "amalgam", null).check();
        assertThrows(AmalgamException.class,
                () -> settings(false, "0.0.0.0", "https://keys.example", null, "amalgam", null).check());
        assertThrows(AmalgamException.class,
                () -> settings(false, "0.0.0.0", "https://keys.example", "https://issuer.example", null, null).check());
    }

    @Test
    void theAdministratorsKeyIsReadFromAFileAndLong(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("key"), "short");
        AmalgamException refusal = assertThrows(
                AmalgamException.class, () -> settings(false, "0.0.0.0", null, null, null, file).check());
        assertTrue(!refusal.getMessage().contains("short "), "the key is not in the message");
        assertThrows(AmalgamException.class,
                () -> settings(false, "0.0.0.0", null, null, null, folder.resolve("none")).check());
        Files.writeString(file, "k".repeat(32) + "\n");
        AccessSettings good = settings(false, "0.0.0.0", null, null, null, file);
        good.check();
        assertEquals(32, good.administratorDigest().length);
    }

    @Test
    void secretsAreNotInTexts() {
        ApiKey.Secret secret = ApiKey.Secret.draw();
        assertEquals(Optional.of(secret.id()), ApiKey.idOf(secret.token()));
        assertTrue(!secret.toString().contains(secret.token()));
        assertTrue(!new ApiKeyResource.NewKey(secret.id(), secret.token()).toString().contains(secret.token()));
    }

    @Test
    void aBucketHoldsAMinuteAndFillsEvenly() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
        InstantSource clock = now::get;
        RateLimits rates = new RateLimits(clock, 3, tenant -> 60);
        for (int request = 0; request < 60; request++) {
            assertEquals(0, rates.request("a"));
        }
        assertEquals(1, rates.request("a"));
        assertEquals(0, rates.request("b"));
        now.set(Instant.EPOCH.plusSeconds(2));
        assertEquals(0, rates.request("a"));
        assertEquals(0, rates.request("a"));
        assertEquals(1, rates.request("a"));
        for (int failure = 0; failure < 3; failure++) {
            assertEquals(0, rates.blocked("192.0.2.1"));
            rates.failure("192.0.2.1");
        }
        assertEquals(20, rates.blocked("192.0.2.1"));
        assertEquals(0, rates.blocked("192.0.2.2"));
        now.set(Instant.EPOCH.plusSeconds(22));
        assertEquals(0, rates.blocked("192.0.2.1"));
    }

    private static AccessSettings settings(
            boolean open, String host, String keys, String issuer, String audiences, Path administrator) {
        return new AccessSettings(open, host, "default", "tenant", Optional.ofNullable(keys), Optional.ofNullable(issuer),
                Optional.ofNullable(audiences), Optional.ofNullable(administrator));
    }
}
