package io.amalgam.engine.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Models that recipes of the same file have made, by the names of their recipes; everything else comes from elsewhere.
 * An intermediate's identity is its artifact key, so that the outer artifact does not depend on when or where the inner
 * one was written.
 */
public final class IntermediateModels implements ModelSource {

    private final ModelSource others;
    private final Map<String, Intermediate> made = new TreeMap<>();

    /** A model that was made. */
    private record Intermediate(Path folder, String artifactKey) {
    }

    /** @param others where all other models come from; also what reads the folders of intermediates */
    public IntermediateModels(ModelSource others) {
        this.others = others;
    }

    /** From now on, {@code name} is the artifact in this folder. */
    public void add(String name, Path folder, String artifactKey) {
        made.put(name, new Intermediate(folder, artifactKey));
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        Intermediate intermediate = made.get(path);
        if (intermediate == null) {
            return others.resolve(path, revision);
        }
        if (revision != null) {
            throw new AmalgamException(
                    ErrorCode.MODEL_REFERENCE_INVALID,
                    "Model " + path + "@" + revision + " is a recipe of this file, which has no revisions; remove @"
                            + revision + ".");
        }
        return new Identified(
                others.resolve(intermediate.folder().toString(), null), path, "artifact:" + intermediate.artifactKey());
    }

    @Override
    public ModelSnapshot open(PlannedModel model) throws IOException {
        return made.containsKey(model.path()) ? ModelSource.super.open(model) : others.open(model);
    }

    /** A folder under another name and identity. */
    private record Identified(ModelSnapshot folder, String reference, String identity) implements ModelSnapshot {

        @Override
        public List<ModelFile> files() {
            return folder.files();
        }

        @Override
        public RangeReader open(String name) throws IOException {
            return folder.open(name);
        }

        @Override
        public byte[] readSmall(String name, int limit) throws IOException {
            return folder.readSmall(name, limit);
        }

        @Override
        public void verifyUnchanged() throws IOException {
            folder.verifyUnchanged();
        }
    }
}
