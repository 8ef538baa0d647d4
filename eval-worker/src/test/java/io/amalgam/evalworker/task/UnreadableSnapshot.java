package io.amalgam.evalworker.task;

import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.evaluation.data.Digests;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model whose files' digests are known, as an artifact's are, and whose files cannot be opened. */
final class UnreadableSnapshot implements ModelSnapshot {
    private final ModelSnapshot model;
    private final Map<String, String> digests = new HashMap<>();

    /** Takes the digests of a model's files. */
    UnreadableSnapshot(ModelSnapshot model) throws IOException {
        this.model = model;
        for (ModelFile file : model.files()) {
            digests.put(file.name(), Digests.sha256(model.readSmall(file.name(), Integer.MAX_VALUE)));
        }
    }

    @Override
    public String reference() {
        return model.reference();
    }

    @Override
    public String identity() {
        return model.identity();
    }

    @Override
    public List<ModelFile> files() {
        return model.files();
    }

    @Override
    public Optional<String> knownSha256(String name) {
        return Optional.ofNullable(digests.get(name));
    }

    @Override
    public RangeReader open(String name) throws IOException {
        throw new IOException(name + " is not to be read");
    }

    @Override
    public void verifyUnchanged() {
        // Nothing changes it.
    }
}
