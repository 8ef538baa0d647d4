package io.amalgam.engine.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A model at a fixed identity: the same identity always means the same bytes.
 *
 * <p>Local folders are identified by a fingerprint (relative names, sizes, modification times, header digests), Hub
 * repositories by commit, S3 prefixes by version or ETag.
 */
public interface ModelSnapshot {

    /** One file of the model. */
    record ModelFile(String name, long length) {
    }

    /** The reference as the recipe wrote it, without adapter. */
    String reference();

    /** The fixed identity, such as {@code local:sha256:…} or {@code hf:owner/name@commit}. */
    String identity();

    /** The files at the top level of the model, in the order of their names. */
    List<ModelFile> files();

    /** Whether a merge can read a file of that name, so that it is part of what a model is. */
    static boolean counts(String file) {
        int dot = file.lastIndexOf('.');
        return dot >= 0 && switch (file.substring(dot)) {
            case ".safetensors", ".json", ".model", ".txt", ".jinja" -> true;
            default -> false;
        };
    }

    /** Whether there is such a file. */
    default boolean has(String name) {
        return files().stream().anyMatch(file -> file.name().equals(name));
    }

    /**
     * The SHA-256 of a file's bytes, hexadecimal, where it is known without reading them.
     *
     * @param name one of {@link #files()}
     */
    default Optional<String> knownSha256(String name) {
        return Optional.empty();
    }

    /** Opens a file for positional reads. The name must be one of {@link #files()}. */
    RangeReader open(String name) throws IOException;

    /**
     * Reads a small file whole.
     *
     * @param limit the most bytes it may have
     * @throws IOException if it is not there or longer
     */
    default byte[] readSmall(String name, int limit) throws IOException {
        try (RangeReader reader = open(name)) {
            if (reader.length() > limit) {
                throw new IOException("File " + name + " of model " + reference() + " has " + reader.length()
                        + " bytes; at most " + limit + " are read.");
            }
            byte[] content = new byte[(int) reader.length()];
            reader.read(0, MemorySegment.ofArray(content));
            return content;
        }
    }

    /**
     * Checks that the model is still what it was when the snapshot was taken.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code MODEL_CHANGED} if it is not
     */
    void verifyUnchanged() throws IOException;
}
