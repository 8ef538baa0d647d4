package io.amalgam.engine.store;

import io.amalgam.engine.Version;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.source.FileRangeReader;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.StoreJson.ShardLocation;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * A store in a folder that all workers have, local or shared over the network. Everything in it is made visible by a
 * rename or a hard link within that folder.
 */
public final class FileSystemStore implements ArtifactStore {
    /** Left free on the disk beside what a merge needs: logs and databases share it. */
    private static final long SPACE_MARGIN = 64L << 20;

    private final Path root;
    private final StoreFiles storeFiles;
    private final Optional<ArtifactSigner> signer;

    /** A store whose content survives a loss of power. */
    public FileSystemStore(Path root) {
        this(root, true);
    }

    /**
     * A store.
     *
     * @param root its folder; it is made when it is first written to
     * @param durable whether everything is synced before it counts as done
     */
    public FileSystemStore(Path root, boolean durable) {
        this(root, durable, Optional.empty());
    }

    /** A store that signs its artifacts, if there is a signer. */
    public FileSystemStore(Path root, boolean durable, Optional<ArtifactSigner> signer) {
        this.root = root.toAbsolutePath().normalize();
        this.storeFiles = new StoreFiles(durable);
        this.signer = signer;
    }

    @Override
    public void put(String location, byte[] content) {
        Path target = locate(location);
        try {
            storeFiles.createFolders(target.getParent());
            storeFiles.writeAtomically(target, scratch(), content);
        } catch (IOException e) {
            throw StoreFiles.failure("write " + location, e);
        }
    }

    @Override
    public boolean putIfAbsent(String location, byte[] content) {
        Path target = locate(location);
        try {
            storeFiles.createFolders(target.getParent());
            return storeFiles.createAtomically(target, scratch(), content);
        } catch (IOException e) {
            throw StoreFiles.failure("write " + location, e);
        }
    }

    @Override
    public Optional<byte[]> get(String location, int limit) {
        Path path = locate(location);
        try {
            long size = Files.size(path);
            if (size > limit) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Stored document " + location + " has " + size
                        + " bytes; at most " + limit + " are read.");
            }
            return Optional.of(Files.readAllBytes(path));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw StoreFiles.failure("read " + location, e);
        }
    }

    @Override
    public void delete(String location) {
        Path path = locate(location);
        try {
            if (Files.deleteIfExists(path)) {
                storeFiles.syncFolder(path.getParent());
            }
        } catch (IOException e) {
            throw StoreFiles.failure("delete " + location, e);
        }
    }

    @Override
    public void requireSpace(long bytes) {
        requireSpace(root, bytes);
    }

    /** Refuses if the disk of a path, which need not exist yet, has less room than that and a margin. */
    static void requireSpace(Path path, long bytes) {
        Path existing = path;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing == null) {
            return;
        }
        long usable;
        try {
            usable = Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            throw StoreFiles.failure("ask how much room is at " + existing, e);
        }
        if (bytes > usable - SPACE_MARGIN) {
            throw new AmalgamException(ErrorCode.STORAGE_FULL, String.format(
                    "The disk of %s has %.1f MB free, but %.1f MB are needed; make room or choose another place.",
                    path, usable / 1e6, (bytes + SPACE_MARGIN) / 1e6));
        }
    }

    @Override
    public ShardWriter openShard(String artifact, ChunkPlan chunk) {
        return staging(artifact).openShard(chunk);
    }

    @Override
    public Optional<ChunkReceipt> receipt(String artifact, ChunkPlan chunk) {
        return staging(artifact).receipt(chunk);
    }

    /** Lets later merges find the shard. Written after the receipt; a crash between the two loses a shortcut only. */
    private void rememberByKey(String artifact, ChunkReceipt receipt) {
        String location = StoreLocations.byKey(receipt.chunkKey());
        Path path = locate(location);
        if (!Files.exists(path)) {
            putIfAbsent(location, StoreJson.write(new ShardLocation(artifact, receipt)));
        }
    }

    @Override
    public Optional<ChunkReceipt> reuse(String artifact, ChunkPlan chunk) {
        String location = StoreLocations.byKey(chunk.key());
        Optional<ShardLocation> found = get(location, 1 << 20).flatMap(StoreJson::shardLocation);
        if (found.isEmpty() || found.get().receipt().numerics() != Version.NUMERICS) {
            return Optional.empty();
        }
        ChunkReceipt receipt = found.get().receipt();
        StagingFolder source = staging(found.get().artifact());
        for (Path folder : new Path[] {artifactFolder(found.get().artifact()), source.files()}) {
            Path shard = folder.resolve(StoreLocations.part(receipt.file()));
            try {
                // Read once, which is little beside making it: damage must not get into another artifact.
                if (Files.isRegularFile(shard) && Files.size(shard) == receipt.length()
                        && Sha256.of(shard).equals(receipt.sha256())) {
                    return Optional.of(staging(artifact).adopt(chunk, shard, receipt));
                }
            } catch (NoSuchFileException e) {
                // It was renamed or removed in between; the other place, or computing it, is as good.
                continue;
            } catch (UnsupportedOperationException | FileSystemException e) {
                // A file system without hard links: computing the shard again is right, and names any other fault.
                return Optional.empty();
            } catch (IOException e) {
                throw StoreFiles.failure("reuse shard " + chunk.file(), e);
            }
        }
        // What it pointed to is gone or damaged: the next commit of this key may write a new pointer.
        delete(location);
        return Optional.empty();
    }

    @Override
    public Manifest assemble(MergePlan plan, PinnedRecipe pinned) {
        StagingFolder staging = staging(plan.artifactKey());
        Optional<Manifest> finished = staging.manifest();
        if (finished.isPresent()) {
            return finished.get();
        }
        try {
            ArtifactDocuments documents = staging.documents(plan, pinned);
            staging.writeFiles(documents);
            staging.writeManifest(documents, signer);
            staging.publish();
            staging.remove();
            return documents.manifest();
        } catch (IOException | AmalgamException e) {
            // Another assembler may have renamed the folder under this one's hands: then its work is this one's result.
            Optional<Manifest> others = staging.manifest();
            if (others.isPresent()) {
                return others.get();
            }
            throw e instanceof IOException failure
                    ? StoreFiles.failure("assemble artifact " + plan.artifactKey(), failure)
                    : (AmalgamException) e;
        }
    }

    @Override
    public Optional<Manifest> manifest(String artifact) {
        return staging(artifact).manifest();
    }

    @Override
    public RangeReader openArtifactFile(String artifact, String name) {
        Manifest manifest = requireManifest(artifact);
        boolean signature = name.equals(ArtifactSigner.FILE);
        if (!manifest.has(name) && !signature) {
            throw StoreLocations.noFile(artifact, name);
        }
        try {
            return FileRangeReader.open(artifactFolder(artifact).resolve(name));
        } catch (NoSuchFileException e) {
            throw signature ? StoreLocations.noFile(artifact, name) : StoreFiles.failure("open " + name + " of artifact " + artifact, e);
        } catch (IOException e) {
            throw StoreFiles.failure("open " + name + " of artifact " + artifact, e);
        }
    }

    @Override
    public ModelSnapshot openArtifact(String artifact) {
        return new ArtifactSnapshot(this, requireManifest(artifact));
    }

    private Manifest requireManifest(String artifact) {
        return manifest(artifact).orElseThrow(() -> StoreLocations.noArtifact(artifact));
    }

    @Override
    public String artifactLocation(String artifact) {
        return artifactFolder(artifact).toString();
    }

    @Override
    public void discardStaging(String artifact) {
        try {
            staging(artifact).remove();
        } catch (IOException e) {
            throw StoreFiles.failure("remove the staging folder of artifact " + artifact, e);
        }
    }

    @Override
    public boolean deleteArtifact(String artifact) {
        Path folder = artifactFolder(artifact);
        try {
            storeFiles.createFolders(trash());
            Path removed = trash().resolve(artifact + "." + UUID.randomUUID());
            // With its name the artifact loses its existence; that its files go too may take a while.
            boolean there = storeFiles.renameFolder(folder, removed);
            storeFiles.syncFolder(folder.getParent());
            StoreFiles.removeTree(removed);
            return there;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw StoreFiles.failure("delete artifact " + artifact, e);
        }
    }

    @Override
    public SweepResult sweep(Duration age, Predicate<String> inUse) {
        try {
            return new StoreSweep(root, scratch(), List.of(trash()), age).sweep(inUse);
        } catch (IOException e) {
            throw StoreFiles.failure("sweep the store", e);
        }
    }

    private Path trash() {
        return root.resolve(".trash");
    }

    private StagingFolder staging(String artifact) {
        return new StagingFolder(artifact, root.resolve(".staging").resolve(StoreLocations.part(artifact)), artifactFolder(artifact),
                storeFiles, receipt -> rememberByKey(artifact, receipt));
    }

    private Path artifactFolder(String artifact) {
        return root.resolve("artifacts").resolve(StoreLocations.part(artifact));
    }

    private Path scratch() throws IOException {
        Path scratch = root.resolve(".scratch");
        storeFiles.createFolders(scratch);
        return scratch;
    }

    /** Locations are ours, but some parts of them come in with requests and events. */
    private Path locate(String location) {
        Path path = root;
        for (String part : StoreLocations.parts(location)) {
            path = path.resolve(part);
        }
        return path;
    }
}
