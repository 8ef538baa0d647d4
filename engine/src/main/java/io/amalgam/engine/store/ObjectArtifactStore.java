package io.amalgam.engine.store;

import io.amalgam.engine.Version;
import io.amalgam.engine.digest.Sha256;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ObjectStorage.StoredObject;
import io.amalgam.engine.store.ObjectStorage.Upload;
import io.amalgam.engine.store.StoreJson.ShardLocation;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Artifacts in an object store. Objects cannot be renamed, so shards lie where they will stay,
 * {@code artifacts/<artifact>/<file>}, from the moment they are complete, and the manifest, created conditionally after
 * everything it vouches for, makes the artifact exist. Receipts lie at {@code .staging/<artifact>/receipts/} until then.
 *
 * <p>A shard is sent in parts while it is computed; memory stays the same however large it is.
 */
public final class ObjectArtifactStore implements ArtifactStore {
    private static final int RECEIPT_LIMIT = 16 << 20;
    private static final int MANIFEST_LIMIT = 256 << 20;
    /** Bytes of a shard that are asked for at a time. */
    private static final int DIGEST_BLOCK = 8 << 20;

    private final ObjectStorage objects;
    private final String prefix;
    private final Optional<ArtifactSigner> signer;

    /**
     * A store of unsigned artifacts.
     *
     * @param prefix what all keys begin with: empty, or ending with a slash
     */
    public ObjectArtifactStore(ObjectStorage objects, String prefix) {
        this(objects, prefix, Optional.empty());
    }

    /** A store that signs its artifacts, if there is a signer. */
    public ObjectArtifactStore(ObjectStorage objects, String prefix, Optional<ArtifactSigner> signer) {
        if (!prefix.isEmpty() && !prefix.endsWith("/")) {
            throw new IllegalArgumentException("a prefix ends with a slash: " + prefix);
        }
        this.objects = objects;
        this.prefix = prefix;
        this.signer = signer;
    }

    @Override
    public void put(String location, byte[] content) {
        objects.put(key(location), content);
    }

    @Override
    public boolean putIfAbsent(String location, byte[] content) {
        return objects.putIfAbsent(key(location), content);
    }

    @Override
    public Optional<byte[]> get(String location, int limit) {
        return objects.get(key(location), limit);
    }

    @Override
    public void delete(String location) {
        objects.delete(key(location));
    }

    /** An object store grows; one that does not refuses when it is written to, with the same code. */
    @Override
    public void requireSpace(long bytes) {
    }

    private String key(String location) {
        StoreLocations.parts(location);
        return prefix + location;
    }

    private String artifactKey(String artifact, String file) {
        return prefix + "artifacts/" + StoreLocations.part(artifact) + "/" + file;
    }

    private String receiptKey(String artifact, ChunkPlan chunk) {
        return stagingKey(artifact) + String.format("receipts/chunk-%05d.json", chunk.index());
    }

    private String stagingKey(String artifact) {
        return prefix + ".staging/" + StoreLocations.part(artifact) + "/";
    }

    @Override
    public ShardWriter openShard(String artifact, ChunkPlan chunk) {
        return new ObjectShardWriter(artifact, chunk,
                objects.upload(artifactKey(artifact, StoreLocations.part(chunk.file())), chunk.bytesToWrite()));
    }

    @Override
    public Optional<ChunkReceipt> receipt(String artifact, ChunkPlan chunk) {
        Optional<ChunkReceipt> staged = stagedReceipt(artifact, chunk);
        return staged.isPresent() ? staged : manifest(artifact)
                .flatMap(manifest -> manifest.shard(chunk.file()))
                .filter(receipt -> receipt.isOf(chunk));
    }

    private Optional<ChunkReceipt> stagedReceipt(String artifact, ChunkPlan chunk) {
        return objects.get(receiptKey(artifact, chunk), RECEIPT_LIMIT)
                .flatMap(StoreJson::receipt)
                .filter(receipt -> receipt.isOf(chunk))
                .filter(receipt -> objects.find(artifactKey(artifact, chunk.file()))
                        .filter(shard -> shard.length() == receipt.length())
                        .isPresent());
    }

    @Override
    public Optional<ChunkReceipt> reuse(String artifact, ChunkPlan chunk) {
        String location = StoreLocations.byKey(chunk.key());
        Optional<ShardLocation> found = get(location, RECEIPT_LIMIT).flatMap(StoreJson::shardLocation);
        if (found.isEmpty() || found.get().receipt().numerics() != Version.NUMERICS) {
            return Optional.empty();
        }
        ChunkReceipt receipt = found.get().receipt();
        Optional<StoredObject> shard = objects
                .find(artifactKey(found.get().artifact(), StoreLocations.part(receipt.file())))
                .filter(object -> isWhole(object, receipt));
        if (shard.isEmpty()) {
            // What it pointed to is gone or damaged: the next commit of this key may write a new pointer.
            delete(location);
            return Optional.empty();
        }
        String target = artifactKey(artifact, StoreLocations.part(chunk.file()));
        if (!shard.get().key().equals(target)) {
            objects.copy(shard.get(), target);
        }
        return Optional.of(writeReceipt(artifact, chunk, receipt.length(), receipt.sha256(), receipt.nonFinite()));
    }

    /** Reads a shard once, which is little beside making it: damage must not get into another artifact. */
    private boolean isWhole(StoredObject shard, ChunkReceipt receipt) {
        if (shard.length() != receipt.length()) {
            return false;
        }
        MessageDigest digest = Sha256.newDigest();
        byte[] block = new byte[DIGEST_BLOCK];
        try (RangeReader reader = objects.open(shard)) {
            for (long position = 0; position < shard.length(); position += block.length) {
                int length = (int) Math.min(block.length, shard.length() - position);
                reader.read(position, MemorySegment.ofArray(block).asSlice(0, length));
                digest.update(block, 0, length);
            }
        } catch (IOException e) {
            throw new AmalgamException(ErrorCode.STORE_UNAVAILABLE, "Shard " + objects.address(shard.key())
                    + " cannot be read: " + e.getMessage() + "; it is tried again.", e);
        }
        return Sha256.end(digest).equals(receipt.sha256());
    }

    private ChunkReceipt writeReceipt(
            String artifact, ChunkPlan chunk, long length, String sha256, Map<String, Long> nonFinite) {
        ChunkReceipt receipt = new ChunkReceipt(chunk.key(), chunk.file(), length, sha256, Version.NUMERICS, nonFinite);
        objects.put(receiptKey(artifact, chunk), StoreJson.write(receipt));
        return receipt;
    }

    @Override
    public Manifest assemble(MergePlan plan, PinnedRecipe pinned) {
        String artifact = plan.artifactKey();
        Optional<Manifest> finished = manifest(artifact);
        if (finished.isPresent()) {
            // Whoever finished it may have died before it had tidied up.
            discardReceipts(artifact);
            return finished.get();
        }
        List<ChunkReceipt> receipts = new ArrayList<>();
        for (ChunkPlan chunk : plan.chunks()) {
            Optional<ChunkReceipt> receipt = stagedReceipt(artifact, chunk);
            if (receipt.isEmpty()) {
                // Another assembler may have finished and taken the receipts away.
                return manifest(artifact).orElseThrow(() -> new AmalgamException(ErrorCode.DIGEST_MISMATCH,
                        "Artifact " + artifact + " cannot be assembled: shard " + chunk.file() + " has no matching receipt."));
            }
            receipts.add(receipt.get());
        }
        ArtifactDocuments documents = ArtifactDocuments.of(plan, pinned, receipts);
        documents.files().forEach((name, content) -> objects.put(artifactKey(artifact, StoreLocations.part(name)), content));
        byte[] manifest = StoreJson.write(documents.manifest());
        signer.ifPresent(each -> objects.putIfAbsent(
                artifactKey(artifact, ArtifactSigner.FILE), each.sign(documents.manifest(), manifest)));
        objects.putIfAbsent(artifactKey(artifact, Manifest.FILE), manifest);
        discardReceipts(artifact);
        return manifest(artifact).orElseThrow(() -> new AmalgamException(ErrorCode.STORE_UNAVAILABLE,
                "The manifest of artifact " + artifact + " was written, and is not there; does the store show what was written at once?"));
    }

    @Override
    public Optional<Manifest> manifest(String artifact) {
        return objects.get(artifactKey(artifact, Manifest.FILE), MANIFEST_LIMIT)
                .map(json -> StoreJson.manifest(json, artifact))
                .filter(manifest -> manifest.artifactKey().equals(artifact));
    }

    @Override
    public RangeReader openArtifactFile(String artifact, String name) {
        Manifest manifest = manifest(artifact).orElseThrow(() -> StoreLocations.noArtifact(artifact));
        if (!manifest.has(name) && !name.equals(ArtifactSigner.FILE)) {
            throw StoreLocations.noFile(artifact, name);
        }
        return objects.find(artifactKey(artifact, name)).map(objects::open)
                .orElseThrow(() -> name.equals(ArtifactSigner.FILE) ? StoreLocations.noFile(artifact, name)
                        : new AmalgamException(ErrorCode.STORE_UNAVAILABLE,
                                "The file " + name + " of artifact " + artifact + " is not in the store."));
    }

    @Override
    public ModelSnapshot openArtifact(String artifact) {
        return new ArtifactSnapshot(this, manifest(artifact).orElseThrow(() -> StoreLocations.noArtifact(artifact)));
    }

    @Override
    public String artifactLocation(String artifact) {
        return objects.address(artifactKey(artifact, ""));
    }

    @Override
    public void discardStaging(String artifact) {
        if (manifest(artifact).isEmpty()) {
            objects.list(artifactKey(artifact, "")).forEach(object -> objects.delete(object.key()));
        }
        discardReceipts(artifact);
    }

    private void discardReceipts(String artifact) {
        objects.list(stagingKey(artifact)).forEach(object -> objects.delete(object.key()));
    }

    @Override
    public boolean deleteArtifact(String artifact) {
        String manifest = artifactKey(artifact, Manifest.FILE);
        boolean there = objects.find(manifest).isPresent();
        // Without its manifest, what is left of an artifact is none; what a crash leaves of it is swept.
        objects.delete(manifest);
        objects.list(artifactKey(artifact, "")).forEach(object -> objects.delete(object.key()));
        return there;
    }

    @Override
    public SweepResult sweep(Duration age, Predicate<String> inUse) {
        Instant limit = objects.now().minus(age);
        SweepResult.Counter counter = new SweepResult.Counter();
        for (ObjectStorage.UnfinishedUpload upload : objects.unfinishedUploads(prefix)) {
            Optional<String> artifact = StoreLocations.artifactOf(upload.key().substring(prefix.length()));
            if (upload.begun().isBefore(limit) && artifact.isPresent() && !inUse.test(artifact.get())) {
                objects.abandon(upload);
                counter.upload();
            }
        }
        Map<String, List<StoredObject>> artifacts = new HashMap<>();
        for (String area : List.of(prefix + "artifacts/", prefix + ".staging/")) {
            for (StoredObject object : objects.list(area)) {
                StoreLocations.artifactOf(object.key().substring(prefix.length()))
                        .ifPresent(artifact -> artifacts.computeIfAbsent(artifact, name -> new ArrayList<>()).add(object));
            }
        }
        artifacts.forEach((artifact, found) -> {
            boolean finished = found.stream().anyMatch(object -> object.key().equals(artifactKey(artifact, Manifest.FILE)));
            List<StoredObject> remains = finished
                    ? found.stream().filter(object -> object.key().startsWith(stagingKey(artifact))).toList()
                    : found;
            if (!remains.isEmpty() && remains.stream().allMatch(object -> object.modified().isBefore(limit)) && !inUse.test(artifact)) {
                remains.forEach(object -> {
                    objects.delete(object.key());
                    counter.file(object.length());
                });
            }
        });
        return counter.result();
    }

    /** A shard that is sent while it is computed. */
    private final class ObjectShardWriter implements ShardWriter {
        private final String artifact;
        private final ChunkPlan chunk;
        private final Upload upload;
        private boolean ended;

        ObjectShardWriter(String artifact, ChunkPlan chunk, Upload upload) {
            this.artifact = artifact;
            this.chunk = chunk;
            this.upload = upload;
        }

        @Override
        public void write(MemorySegment block) {
            upload.write(block);
        }

        @Override
        public ChunkReceipt commit(ExecutionResult result) {
            if (ended) {
                throw new IllegalStateException("Shard " + chunk.file() + " was committed or abandoned already.");
            }
            if (result.length() != upload.length()) {
                long sent = upload.length();
                abandon();
                throw new AmalgamException(ErrorCode.DIGEST_MISMATCH, "Shard " + chunk.file() + " has " + sent
                        + " bytes, but " + result.length() + " were computed.");
            }
            // A slower worker than another: what is there already has the same bytes.
            Optional<ChunkReceipt> finished = manifest(artifact).flatMap(manifest -> manifest.shard(chunk.file()));
            if (finished.isPresent()) {
                abandon();
                return finished.get();
            }
            upload.complete();
            ended = true;
            ChunkReceipt receipt = writeReceipt(artifact, chunk, result.length(), result.sha256(), result.nonFinite());
            // After the receipt; a crash between the two loses a shortcut only.
            putIfAbsent(StoreLocations.byKey(chunk.key()), StoreJson.write(new ShardLocation(artifact, receipt)));
            return receipt;
        }

        @Override
        public void abandon() {
            if (!ended) {
                ended = true;
                upload.abandon();
            }
        }
    }
}
