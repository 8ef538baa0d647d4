package io.amalgam.engine.store;

import io.amalgam.engine.plan.PlanOptions;
import java.util.List;
import java.util.Optional;

/**
 * {@code amalgam.json}: what an artifact is made of. An artifact exists if and only if its manifest does.
 *
 * <p>It holds no time, host or duration: two assemblers of the same merge write the same bytes.
 *
 * @param schemaVersion of this document, {@value #SCHEMA_VERSION}
 * @param artifactKey identity of the artifact
 * @param planDigest of the plan that made it
 * @param versions of what made it
 * @param parents models and adapters that were read, with what they are and what they are licensed under
 * @param shards its weights, in order
 * @param files its other files, in the order of their names
 * @param totalSize bytes of tensor data
 * @param request what was asked for
 */
public record Manifest(
        int schemaVersion,
        String artifactKey,
        String planDigest,
        Versions versions,
        List<Parent> parents,
        List<ChunkReceipt> shards,
        List<FileEntry> files,
        long totalSize,
        Request request) {
    /** Its name in an artifact. */
    public static final String FILE = "amalgam.json";
    /** The version of this document's form. */
    public static final int SCHEMA_VERSION = 1;

    /** Keeps collections as they are now. */
    public Manifest {
        parents = List.copyOf(parents);
        shards = List.copyOf(shards);
        files = List.copyOf(files);
    }

    /**
     * A model or adapter that an artifact was made of.
     *
     * @param path as the recipe wrote it, without revision and adapter
     * @param revision as the recipe wrote it, or null
     * @param identity the fixed identity it was resolved to: a digest, or a commit
     * @param license what its card named, or null
     */
    public record Parent(String path, String revision, String identity, String license) {
    }

    /**
     * The versions that an artifact depends on or names.
     *
     * @param amalgam that assembled it
     * @param numerics of the arithmetic
     * @param mergekit whose results the arithmetic reproduces
     */
    public record Versions(String amalgam, int numerics, String mergekit) {
    }

    /**
     * What was asked for; with the parents' identities, enough to make the artifact again.
     *
     * @param recipe its text as it was written
     * @param options what the request chose beside it
     * @param seed of the random stream: the one asked for, or the one derived; 32 bits, unsigned
     */
    public record Request(String recipe, PlanOptions options, long seed) {
    }

    /**
     * A file that is not a shard.
     *
     * @param name in the artifact
     * @param length in bytes
     * @param sha256 hexadecimal
     */
    public record FileEntry(String name, long length, String sha256) {
    }

    /** The shard of that file name, if there is one. */
    public Optional<ChunkReceipt> shard(String file) {
        return shards.stream().filter(shard -> shard.file().equals(file)).findFirst();
    }

    /** Whether the artifact has a file of that name, the manifest included. */
    public boolean has(String name) {
        return name.equals(FILE) || shard(name).isPresent() || files.stream().anyMatch(file -> file.name().equals(name));
    }

    /** Elements that are NaN or infinite, over all tensors. */
    public long nonFinite() {
        return shards.stream().flatMap(shard -> shard.nonFinite().values().stream()).mapToLong(Long::longValue).sum();
    }
}
