package io.amalgam.engine.store;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The folder in which one artifact comes into being.
 *
 * <pre>
 * files/      what becomes the artifact: shards as they are committed, at the end the documents, last the manifest
 * receipts/   chunk-00000.json, … by index
 * scratch/    what is being written
 * </pre>
 *
 * <p>The order of every write is the same: content aside, synced, renamed into {@code files/}, then what vouches for it
 * (a shard's receipt, the manifest). A crash between two steps leaves a state in which repeating the work is right.
 */
final class StagingFolder {
    private static final int LARGEST_WRITE = 64 << 20;

    private static final int MANIFEST_LIMIT = 256 << 20;

    private final String artifact;
    private final Path folder;
    private final Path target;
    private final StoreFiles storeFiles;
    private final Consumer<ChunkReceipt> committed;

    /**
     * A folder that may or may not exist yet.
     *
     * @param artifact key of what comes into being
     * @param folder in which it does
     * @param target what the finished folder is renamed to, on the same file system
     * @param committed told of each shard that is committed, after its receipt is there
     */
    StagingFolder(String artifact, Path folder, Path target, StoreFiles storeFiles, Consumer<ChunkReceipt> committed) {
        this.artifact = artifact;
        this.folder = folder;
        this.target = target;
        this.storeFiles = storeFiles;
        this.committed = committed;
    }

    /** The manifest of the finished artifact, if it is finished. */
    Optional<Manifest> manifest() {
        return manifest(target, artifact).filter(manifest -> manifest.artifactKey().equals(artifact));
    }

    /** The manifest of whatever artifact is in a folder. */
    static Optional<Manifest> manifest(Path folder, String label) {
        Path path = folder.resolve(Manifest.FILE);
        try {
            if (Files.size(path) > MANIFEST_LIMIT) {
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "The manifest of artifact " + label + " has more than "
                        + MANIFEST_LIMIT + " bytes; it is not one of ours.");
            }
            return Optional.of(StoreJson.manifest(Files.readAllBytes(path), label));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw StoreFiles.failure("read the manifest of artifact " + label, e);
        }
    }

    /** What becomes the artifact. */
    Path files() {
        return folder.resolve("files");
    }

    private Path receipts() {
        return folder.resolve("receipts");
    }

    private Path scratch() {
        return folder.resolve("scratch");
    }

    private Path receiptPath(ChunkPlan chunk) {
        return receipts().resolve(String.format("chunk-%05d.json", chunk.index()));
    }

    private void create() throws IOException {
        storeFiles.createFolders(folder);
        storeFiles.createFolders(files());
        storeFiles.createFolders(receipts());
        storeFiles.createFolders(scratch());
    }

    /** Begins a shard. */
    ShardWriter openShard(ChunkPlan chunk) {
        try {
            create();
            Path part = StoreFiles.scratch(scratch(), chunk.file());
            return new FileShardWriter(chunk, part, FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        } catch (IOException e) {
            throw StoreFiles.failure("begin shard " + chunk.file(), e);
        }
    }

    /** The receipt of a chunk whose shard is here, or in the finished artifact. */
    Optional<ChunkReceipt> receipt(ChunkPlan chunk) {
        Optional<ChunkReceipt> finished = manifest().flatMap(manifest -> manifest.shard(chunk.file()));
        if (finished.isPresent()) {
            return finished.filter(receipt -> receipt.isOf(chunk));
        }
        return stagedReceipt(chunk);
    }

    private Optional<ChunkReceipt> stagedReceipt(ChunkPlan chunk) {
        try {
            Optional<ChunkReceipt> receipt = StoreJson.receipt(Files.readAllBytes(receiptPath(chunk)));
            if (receipt.isEmpty() || !receipt.get().isOf(chunk)) {
                return Optional.empty();
            }
            boolean whole = Files.size(files().resolve(chunk.file())) == receipt.get().length();
            return whole ? receipt : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw StoreFiles.failure("read the receipt of shard " + chunk.file(), e);
        }
    }

    /** Takes a shard that lies elsewhere on the same file system, without copying it. */
    ChunkReceipt adopt(ChunkPlan chunk, Path shard, ChunkReceipt receipt) throws IOException {
        create();
        Path part = StoreFiles.scratch(scratch(), chunk.file());
        try {
            Files.createLink(part, shard);
            Files.move(part, files().resolve(chunk.file()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
        storeFiles.syncFolder(files());
        return writeReceipt(chunk, receipt.length(), receipt.sha256(), receipt.nonFinite());
    }

    private ChunkReceipt writeReceipt(ChunkPlan chunk, long length, String sha256, Map<String, Long> nonFinite) throws IOException {
        ChunkReceipt receipt = new ChunkReceipt(chunk.key(), chunk.file(), length, sha256, Version.NUMERICS, nonFinite);
        storeFiles.writeAtomically(receiptPath(chunk), scratch(), StoreJson.write(receipt));
        return receipt;
    }

    /** First step of assembly: all receipts, by name. */
    ArtifactDocuments documents(MergePlan plan, PinnedRecipe pinned) {
        List<ChunkReceipt> receipts = new ArrayList<>();
        for (ChunkPlan chunk : plan.chunks()) {
            receipts.add(stagedReceipt(chunk).orElseThrow(() -> new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                    "Artifact " + plan.artifactKey() + " cannot be assembled: shard " + chunk.file() + " has no matching receipt.")));
        }
        return ArtifactDocuments.of(plan, pinned, receipts);
    }

    /** Second step: all files but the manifest. Those that another assembler wrote are replaced by the same bytes. */
    void writeFiles(ArtifactDocuments documents) throws IOException {
        for (Map.Entry<String, byte[]> file : documents.files().entrySet()) {
            storeFiles.writeAtomically(files().resolve(file.getKey()), scratch(), file.getValue());
        }
    }

    /** Third step: the manifest, after everything that it vouches for, and what vouches for it. */
    void writeManifest(ArtifactDocuments documents, Optional<ArtifactSigner> signer) throws IOException {
        byte[] manifest = StoreJson.write(documents.manifest());
        if (signer.isPresent()) {
            // Two signatures of the same differ; whichever is there is good.
            storeFiles.writeAtomically(
                    files().resolve(ArtifactSigner.FILE), scratch(), signer.get().sign(documents.manifest(), manifest));
        }
        storeFiles.writeAtomically(files().resolve(Manifest.FILE), scratch(), manifest);
    }

    /**
     * Last step: the folder gets its name.
     *
     * @return whether this call gave it; otherwise another assembler had
     */
    boolean publish() throws IOException {
        storeFiles.createFolders(target.getParent());
        return storeFiles.renameFolder(files(), target);
    }

    /**
     * Last step where the target is a folder that is there already, and may be one that cannot be renamed: a mounted
     * disk, or the working directory. Files get their names one by one, the manifest after all others.
     */
    void publishInto() throws IOException {
        List<Path> entries;
        try (Stream<Path> listed = Files.list(files())) {
            entries = listed.sorted(Comparator.comparing(path -> path.getFileName().toString().equals(Manifest.FILE))).toList();
        }
        for (Path entry : entries) {
            if (entry.getFileName().toString().equals(Manifest.FILE)) {
                storeFiles.syncFolder(target);
            }
            Files.move(entry, target.resolve(entry.getFileName()), StandardCopyOption.ATOMIC_MOVE);
        }
        storeFiles.syncFolder(target);
    }

    /** Removes the folder. */
    void remove() throws IOException {
        StoreFiles.removeTree(folder);
    }

    /** A shard in the scratch folder. */
    private final class FileShardWriter implements ShardWriter {
        private final ChunkPlan chunk;
        private final Path part;
        private final FileChannel channel;
        private final EarlySync sync;
        private long length;
        private boolean ended;

        FileShardWriter(ChunkPlan chunk, Path part, FileChannel channel) {
            this.chunk = chunk;
            this.part = part;
            this.channel = channel;
            this.sync = new EarlySync(channel);
        }

        @Override
        public void write(MemorySegment block) {
            try {
                for (long offset = 0; offset < block.byteSize(); offset += LARGEST_WRITE) {
                    ByteBuffer buffer = block.asSlice(offset, Math.min(LARGEST_WRITE, block.byteSize() - offset)).asByteBuffer();
                    while (buffer.hasRemaining()) {
                        length += channel.write(buffer);
                    }
                }
                if (storeFiles.durable()) {
                    sync.grown(length);
                }
            } catch (IOException e) {
                throw StoreFiles.failure("write shard " + chunk.file(), e);
            }
        }

        @Override
        public ChunkReceipt commit(ExecutionResult result) {
            if (ended) {
                throw new IllegalStateException("Shard " + chunk.file() + " was committed or abandoned already.");
            }
            if (result.length() != length) {
                abandon();
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Shard " + chunk.file() + " has " + length
                        + " bytes, but " + result.length() + " were computed.");
            }
            try {
                if (storeFiles.durable()) {
                    sync.finish();
                }
                channel.close();
                Files.move(part, files().resolve(chunk.file()), StandardCopyOption.ATOMIC_MOVE);
                storeFiles.syncFolder(files());
                ChunkReceipt receipt = writeReceipt(chunk, length, result.sha256(), result.nonFinite());
                ended = true;
                committed.accept(receipt);
                return receipt;
            } catch (IOException e) {
                abandon();
                // A slower worker than another finds that the artifact was finished and its staging folder removed.
                Optional<ChunkReceipt> finished = receipt(chunk);
                if (finished.isPresent()) {
                    return finished.get();
                }
                throw StoreFiles.failure("commit shard " + chunk.file(), e);
            }
        }

        @Override
        public void abandon() {
            if (ended) {
                return;
            }
            ended = true;
            try {
                channel.close();
                Files.deleteIfExists(part);
            } catch (IOException e) {
                throw StoreFiles.failure("abandon shard " + chunk.file(), e);
            }
        }
    }
}
