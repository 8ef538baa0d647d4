package io.amalgam.engine.digest;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4), which every Java platform has; in texts, lower-case hexadecimal. */
public final class Sha256 {

    private static final int BLOCK_BYTES = 1 << 20;

    private Sha256() {
    }

    /** A digest of nothing yet. */
    public static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** The digest of bytes. */
    public static String of(byte[] content) {
        return HexFormat.of().formatHex(newDigest().digest(content));
    }

    /** The digest of a file, which is read once, block by block. */
    public static String of(Path file) throws IOException {
        MessageDigest digest = newDigest();
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream input = Files.newInputStream(file)) {
            for (int length = input.read(block); length >= 0; length = input.read(block)) {
                digest.update(block, 0, length);
            }
        }
        return end(digest);
    }

    /** What a digest came to; it begins anew. */
    public static String end(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
