package io.amalgam.recipeservice.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.digest.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A key as it is kept: everything but the key.
 *
 * <p>The key itself is {@code amalgam_<id>_<secret>}, its secret 256 random bits. Nobody can guess those, so that one
 * round of SHA-256 keeps them: a slow digest would protect passwords that people choose, and cost every request.
 *
 * @param id by which it is found, shown and revoked
 * @param name for people
 * @param tenant on whose behalf it acts
 * @param roles that it has
 * @param createdAt when it was made
 * @param createdBy who made it
 * @param expiresAt when it stops, or null
 * @param revokedAt when it was revoked, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ApiKey(
        String id, String name, String tenant, List<String> roles, Instant createdAt, String createdBy,
        Instant expiresAt, Instant revokedAt) {

    /** How every key begins, so that scanners for leaked secrets find it. */
    static final String PREFIX = "amalgam_";

    private static final int ID_BYTES = 8;
    private static final int SECRET_BYTES = 32;
    private static final Pattern FORM = Pattern.compile(PREFIX + "([0-9a-f]{16})_[A-Za-z0-9_-]{43}");
    private static final SecureRandom RANDOM = new SecureRandom();

    /** A key that has just been made: the only time that it is seen. */
    record Secret(String id, String token) {

        /** Draws a new one. */
        static Secret draw() {
            byte[] id = new byte[ID_BYTES];
            byte[] secret = new byte[SECRET_BYTES];
            RANDOM.nextBytes(id);
            RANDOM.nextBytes(secret);
            String name = HexFormat.of().formatHex(id);
            return new Secret(name,
                    PREFIX + name + "_" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
        }

        /** Everything but the secret. */
        @Override
        public String toString() {
            return "Secret[" + id + "]";
        }
    }

    /** Returns the id in a key, or nothing if the text is no key. */
    static Optional<String> idOf(String token) {
        Matcher form = FORM.matcher(token);
        return form.matches() ? Optional.of(form.group(1)) : Optional.empty();
    }

    /** Returns what is kept of a key. */
    static byte[] digest(String token) {
        return Sha256.newDigest().digest(token.getBytes(StandardCharsets.UTF_8));
    }

    /** Whether it is accepted at a time. */
    boolean validAt(Instant now) {
        return revokedAt == null && (expiresAt == null || now.isBefore(expiresAt));
    }
}
