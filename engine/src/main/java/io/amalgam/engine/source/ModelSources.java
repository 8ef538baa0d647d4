package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All the places that a model reference can mean. One that begins with the name of a kind ({@code s3://bucket/prefix})
 * is of that kind; any other is a local folder first, as MergeKit has it, then a repository of the Hugging Face Hub.
 */
public final class ModelSources implements ModelSource {
    private static final Pattern KIND = Pattern.compile("^([a-z][a-z0-9+.-]*:)//.*", Pattern.DOTALL);

    private final LocalModelSource local;
    private final HubModelSource hub;
    private final Map<String, ModelSource> kinds;

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
        this(local, hub, Map.of());
    }

    /**
     * Local folders, the Hub, and other kinds.
     *
     * @param hub asked for names that are no local folder, or null if none is to be asked
     * @param kinds what reads references that begin with a kind, by its name with the colon: {@code s3:}
     */
    public ModelSources(LocalModelSource local, HubModelSource hub, Map<String, ModelSource> kinds) {
        this.local = local;
        this.hub = hub;
        this.kinds = new TreeMap<>(kinds);
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        Matcher kind = KIND.matcher(path);
        if (kind.matches()) {
            return ofKind(kind.group(1), path).resolve(path, revision);
        }
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

    private ModelSource ofKind(String kind, String path) {
        ModelSource source = kinds.get(kind);
        if (source == null) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model " + path.replaceAll("\\p{C}", "?")
                    + " is of the kind '" + kind + "//', which is not read here; read are local folders"
                    + (hub == null ? "" : ", repositories of the Hugging Face Hub (owner/name)")
                    + (kinds.isEmpty() ? "" : ", " + String.join("//…, ", kinds.keySet()) + "//…") + ".");
        }
        return source;
    }

    @Override
    public ModelSnapshot open(PlannedModel model) throws IOException {
        if (model.identity().startsWith(LocalModelSnapshot.CONTENTS_PREFIX)) {
            return local.open(model);
        }
        // A branch may have moved on since; what was planned with is a commit, and that is still there.
        ModelSnapshot snapshot = model.identity().startsWith(HubModelSource.IDENTITY_PREFIX) && hub != null
                ? hub.open(model.path(), model.identity())
                : resolve(model.path(), model.revision());
        return ModelSource.requireSame(model, snapshot);
    }
}
