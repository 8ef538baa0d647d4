package io.amalgam.engine.source;

import java.io.IOException;

/** Where models come from: local folders, the Hugging Face Hub, S3. */
public interface ModelSource {

    /**
     * Resolves a model path and optional revision to a snapshot with a fixed identity.
     *
     * @param path what the recipe names, without revision and adapter
     * @param revision a branch, tag or commit, or null
     * @throws io.amalgam.engine.error.AmalgamException with {@code MODEL_NOT_FOUND}, {@code MODEL_REFERENCE_INVALID},
     *     or {@code SOURCE_UNAVAILABLE}
     */
    ModelSnapshot resolve(String path, String revision) throws IOException;
}
