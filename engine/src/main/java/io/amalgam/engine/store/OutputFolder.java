package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A folder on the command line that becomes one artifact, by the same code as the store's. A new folder is written in a
 * hidden one beside it and renamed when it is whole; a folder that is there already (a mounted disk, the working
 * directory) is filled from a hidden one inside it, its manifest last. Closing it unfinished leaves nothing behind.
 */
public final class OutputFolder implements AutoCloseable {
    private static final String INSIDE = ".amalgam";

    private final Path target;
    private final Path hidden;
    private final StagingFolder staging;
    private final FileChannel lockFile;
    private final boolean overwrite;

    private OutputFolder(Path target, Path hidden, StagingFolder staging, FileChannel lockFile, boolean overwrite) {
        this.target = target;
        this.hidden = hidden;
        this.staging = staging;
        this.lockFile = lockFile;
        this.overwrite = overwrite;
    }

    /**
     * Looks at what is at the target, changing nothing.
     *
     * @param artifact key of what is going to be written
     * @return the manifest if exactly that artifact is there already, whole: then there is nothing to do
     * @throws AmalgamException with {@code OUTPUT_NOT_EMPTY} if something else is there
     */
    public static Optional<Manifest> finished(Path target, String artifact) {
        try {
            if (!Files.exists(target)) {
                return Optional.empty();
            }
            if (!Files.isDirectory(target)) {
                throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, "The output " + target + " is a file; name a folder.");
            }
            if (content(target).isEmpty()) {
                return Optional.empty();
            }
            Optional<Manifest> manifest = StagingFolder.manifest(target, target.toString());
            if (manifest.isEmpty()) {
                throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, "The output folder " + target
                        + " holds other files; name an empty or new folder, or replace it with --overwrite.");
            }
            if (!manifest.get().artifactKey().equals(artifact)) {
                throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, "The output folder " + target + " holds another merge (artifact "
                        + manifest.get().artifactKey() + "); name another folder, or replace it with --overwrite.");
            }
            requireWhole(target, manifest.get());
            return manifest;
        } catch (IOException e) {
            throw StoreFiles.failure("look into the output folder " + target, e);
        }
    }

    /** What is in a folder, apart from what a merge that was killed left there. */
    private static List<Path> content(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(path -> !path.getFileName().toString().equals(INSIDE)).toList();
        }
    }

    private static void requireWhole(Path target, Manifest manifest) throws IOException {
        for (ChunkReceipt shard : manifest.shards()) {
            requireLength(target, shard.file(), shard.length());
        }
        for (Manifest.FileEntry file : manifest.files()) {
            requireLength(target, file.name(), file.length());
        }
    }

    private static void requireLength(Path target, String name, long length) throws IOException {
        Path path = target.resolve(name);
        long actual = Files.isRegularFile(path) ? Files.size(path) : -1;
        if (actual != length) {
            throw new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, "The output folder " + target + " holds this merge, but its "
                    + name + (actual < 0 ? " is missing" : " has " + actual + " bytes instead of " + length)
                    + "; make it again with --overwrite.");
        }
    }

    /**
     * Begins to write. What an earlier process that was killed left of the same target is removed first.
     *
     * @param bytes that are going to be written
     * @param overwrite whether what is at the target is replaced at the end
     * @param durable whether files are synced before the folder gets its name
     * @throws AmalgamException with {@code STORAGE_FULL}, or {@code CONFLICT} if another process writes the same target
     */
    public static OutputFolder open(Path target, String artifact, long bytes, boolean overwrite, boolean durable) {
        Path absolute = target.toAbsolutePath().normalize();
        Path name = absolute.getFileName();
        if (name == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "The output " + target + " is not a folder that can be written; name another.");
        }
        FileSystemStore.requireSpace(absolute, bytes);
        StoreFiles storeFiles = new StoreFiles(durable);
        boolean inside = Files.isDirectory(absolute);
        Path hidden = inside ? absolute.resolve(INSIDE) : absolute.resolveSibling("." + name + ".amalgam");
        FileChannel lockFile = null;
        try {
            storeFiles.createFolders(hidden);
            lockFile = lock(target, hidden.resolve("lock"));
            Path folder = hidden.resolve("staging");
            StoreFiles.removeTree(folder);
            StagingFolder staging = new StagingFolder(artifact, folder, absolute, storeFiles, receipt -> { });
            return new OutputFolder(absolute, hidden, staging, lockFile, overwrite);
        } catch (IOException e) {
            closeQuietly(lockFile, e);
            throw StoreFiles.failure("write to the output folder " + target, e);
        }
    }

    private static FileChannel lock(Path target, Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new AmalgamException(ErrorCode.CONFLICT, "Another process is writing the output folder " + target + "; wait for it, or name another folder.");
        }
        return channel;
    }

    private static void closeQuietly(FileChannel channel, IOException cause) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                cause.addSuppressed(e);
            }
        }
    }

    /** Begins a shard. */
    public ShardWriter openShard(ChunkPlan chunk) {
        return staging.openShard(chunk);
    }

    /** Writes everything else and gives the folder its name. All chunks must be committed. */
    public Manifest finish(MergePlan plan, PinnedRecipe pinned) {
        try {
            ArtifactDocuments documents = staging.documents(plan, pinned);
            staging.writeFiles(documents);
            staging.writeManifest(documents, Optional.empty());
            if (hidden.startsWith(target)) {
                fill();
            } else if (!staging.publish()) {
                throw filled();
            }
            return documents.manifest();
        } catch (IOException e) {
            throw StoreFiles.failure("finish the output folder " + target, e);
        }
    }

    private void fill() throws IOException {
        List<Path> present = content(target);
        if (!present.isEmpty() && !overwrite) {
            throw filled();
        }
        // Without its manifest, what is left of an artifact is none.
        Files.deleteIfExists(target.resolve(Manifest.FILE));
        for (Path path : present) {
            StoreFiles.removeTree(path);
        }
        staging.publishInto();
    }

    private AmalgamException filled() {
        return new AmalgamException(ErrorCode.OUTPUT_NOT_EMPTY, "The output folder " + target
                + " was filled by something else meanwhile; name another folder.");
    }

    /** Removes what is not finished. */
    @Override
    public void close() {
        try {
            staging.remove();
            lockFile.close();
            StoreFiles.removeTree(hidden);
        } catch (IOException e) {
            throw StoreFiles.failure("clean up at the output folder " + target, e);
        }
    }
}
