package io.amalgam.evaluation.data;

import io.amalgam.engine.digest.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** SHA-256 of texts and bytes, in hexadecimal. */
public final class Digests {
    private Digests() {
    }

    /** Returns the digest of a text's UTF-8 bytes. */
    public static String sha256(String text) {
        return sha256(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the digest of bytes. */
    public static String sha256(byte[] bytes) {
        return Sha256.of(bytes);
    }

    /** Returns a digest of several texts that differs wherever any of them, or their number, differs. */
    public static String sha256OfParts(String... parts) {
        MessageDigest digest = Sha256.newDigest();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return Sha256.end(digest);
    }
}
