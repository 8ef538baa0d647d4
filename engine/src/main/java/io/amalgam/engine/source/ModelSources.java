package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlannedModel;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * All the places that a model reference can mean, asked in order: a local folder first, as MergeKit has it, then the
 * Hugging Face Hub.
 */
public final class ModelSources implements ModelSource {
    private static final Pattern HUB_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}");

    private final LocalModelSource local;

    /** Local folders only. */
    public ModelSources(LocalModelSource local) {
        this.local = local;
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        Optional<ModelSnapshot> found = local.find(path, revision);
        if (found.isPresent()) {
            return found.get();
        }
        if (HUB_NAME.matcher(path).matches()) {
            throw new AmalgamException(ErrorCode.MODEL_NOT_FOUND, "Model " + path
                    + " is not a local folder, and the Hugging Face Hub is not reachable from here: download it there with"
                    + " `hf download " + path + (revision == null ? "" : " --revision " + revision) + " --local-dir " + path
                    + "`, or name the folder that holds its weights.");
        }
        return local.resolve(path, revision);
    }

    /**
     * Opens a model of a plan.
     *
     * @throws AmalgamException with {@code MODEL_CHANGED} if it is not the one that was planned with
     */
    public ModelSnapshot open(PlannedModel model) throws IOException {
        ModelSnapshot snapshot = resolve(model.path(), model.revision());
        if (!snapshot.identity().equals(model.identity())) {
            throw new AmalgamException(ErrorCode.MODEL_CHANGED, "Model " + model.path() + " is not the one that the merge was planned with: it is now "
                    + snapshot.identity() + ", planned was " + model.identity() + "; submit the recipe again.");
        }
        return snapshot;
    }
}
