package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
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

    /**
     * Opens a model of a plan.
     *
     * @throws io.amalgam.engine.error.AmalgamException with {@code MODEL_CHANGED} if it is not the one that was planned
     *     with
     */
    default ModelSnapshot open(PlannedModel model) throws IOException {
        return requireSame(model, resolve(model.path(), model.revision()));
    }

    /** Returns the snapshot if it is the model that was planned with. */
    static ModelSnapshot requireSame(PlannedModel model, ModelSnapshot snapshot) {
        if (!snapshot.identity().equals(model.identity())) {
            throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Model " + model.path()
                    + " is not the one that the merge was planned with: it is now " + snapshot.identity() + ", planned was "
                    + model.identity() + "; submit the recipe again.");
        }
        return snapshot;
    }
}
