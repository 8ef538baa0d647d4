package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlannedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * All the places that a model reference can mean, asked in order: a local folder first, as MergeKit has it, then the
 * Hugging Face Hub.
 */
public final class ModelSources implements ModelSource {
    private final LocalModelSource local;
    private final HubModelSource hub;

    /** Local folders only. */
    public ModelSources(LocalModelSource local) {
        this(local, null);
    }

    /**
     * Local folders, then the Hub.
     *
     * @param hub asked for names that are no local folder, or null if none is to be asked
     */
    public ModelSources(LocalModelSource local, HubModelSource hub) {
        this.local = local;
        this.hub = hub;
    }

    /**
     * What the command line reads: folders relative to the working directory or anywhere else, and the Hub with the
     * settings of the environment.
     *
     * @param identity what local models are identified by
     */
    public static ModelSources commandLine(LocalModelSource.Identity identity) {
        HubOptions options = HubOptions.fromEnvironment(System.getenv(), Path.of(System.getProperty("user.home")));
        return new ModelSources(new LocalModelSource(Path.of(""), true, identity), new HubModelSource(options));
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        Optional<ModelSnapshot> found = local.find(path, revision);
        if (found.isPresent()) {
            return found.get();
        }
        if (!HubModelSource.isName(path)) {
            return local.resolve(path, revision);
        }
        if (hub == null) {
            throw new AmalgamException(ErrorCode.MODEL_NOT_FOUND, "Model " + path
                    + " is not a local folder, and the Hugging Face Hub is not asked from here: download it with"
                    + " `hf download " + path + (revision == null ? "" : " --revision " + revision) + " --local-dir " + path
                    + "`, or name the folder that holds its weights.");
        }
        return hub.resolve(path, revision);
    }

    @Override
    public ModelSnapshot open(PlannedModel model) throws IOException {
        // A branch may have moved on since; what was planned with is a commit, and that is still there.
        ModelSnapshot snapshot = model.identity().startsWith(HubModelSource.IDENTITY_PREFIX) && hub != null
                ? hub.open(model.path(), model.identity())
                : resolve(model.path(), model.revision());
        return ModelSource.requireSame(model, snapshot);
    }
}
