package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A finished artifact as a model: its manifest says which files it has, and its key is its identity. */
final class ArtifactSnapshot implements ModelSnapshot {
    private final ArtifactStore store;
    private final Manifest manifest;
    private final List<ModelFile> files;

    ArtifactSnapshot(ArtifactStore store, Manifest manifest) {
        this.store = store;
        this.manifest = manifest;
        List<ModelFile> all = new ArrayList<>();
        manifest.shards().forEach(shard -> all.add(new ModelFile(shard.file(), shard.length())));
        manifest.files().forEach(file -> all.add(new ModelFile(file.name(), file.length())));
        all.sort(Comparator.comparing(ModelFile::name));
        this.files = List.copyOf(all);
    }

    @Override
    public String reference() {
        return manifest.artifactKey();
    }

    @Override
    public String identity() {
        return "artifact:" + manifest.artifactKey();
    }

    @Override
    public List<ModelFile> files() {
        return files;
    }

    @Override
    public Optional<String> knownSha256(String name) {
        return manifest.shard(name).map(ChunkReceipt::sha256).or(() -> manifest.files().stream()
                .filter(file -> file.name().equals(name)).map(Manifest.FileEntry::sha256).findFirst());
    }

    @Override
    public RangeReader open(String name) throws IOException {
        if (!has(name)) {
            throw new FileNotFoundException("Artifact " + manifest.artifactKey() + " has no file " + name + ".");
        }
        return store.openArtifactFile(manifest.artifactKey(), name);
    }

    @Override
    public void verifyUnchanged() {
        // An artifact is never changed; it can only be deleted.
        if (store.manifest(manifest.artifactKey()).isEmpty()) {
            throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Artifact " + manifest.artifactKey()
                    + " was deleted while it was being used; make it again.");
        }
    }
}
