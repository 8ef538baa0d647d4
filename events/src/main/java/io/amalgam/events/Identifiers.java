package io.amalgam.events;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Identifiers that are computed, so that whoever repeats something arrives at the same one (RFC 9562, version 5). */
public final class Identifiers {

    private static final UUID NAMESPACE = UUID.fromString("6f3c9d1e-8a54-4e0b-9c6a-5d2f1b7e4a90");
    private static final char SEPARATOR = '\u001f';

    private Identifiers() {
    }

    /** The id of a merge: one attempt, counted from 1, at an artifact key. */
    public static String merge(String artifactKey, int attempt) {
        return of("merge", artifactKey, Integer.toString(attempt));
    }

    /** A version 5 UUID of parts; two lists of parts give the same one only if they are equal. */
    public static String of(String... parts) {
        StringBuilder name = new StringBuilder();
        for (String part : parts) {
            // The length keeps ("a", "bc") apart from ("ab", "c") whatever characters the parts hold.
            String text = part == null ? "" : part;
            name.append(text.length()).append(SEPARATOR).append(text).append(SEPARATOR);
        }
        MessageDigest digest = sha1();
        digest.update(ByteBuffer.allocate(16)
                .putLong(NAMESPACE.getMostSignificantBits())
                .putLong(NAMESPACE.getLeastSignificantBits())
                .flip());
        ByteBuffer hash = ByteBuffer.wrap(digest.digest(name.toString().getBytes(StandardCharsets.UTF_8)));
        long most = (hash.getLong() & 0xFFFF_FFFF_FFFF_0FFFL) | 0x5000L;
        long least = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
        return new UUID(most, least).toString();
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-1", impossible);
        }
    }
}
