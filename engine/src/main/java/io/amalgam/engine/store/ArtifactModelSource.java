package io.amalgam.engine.store;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSource;

/**
 * Finished artifacts as models of another recipe: {@code artifact://<key>}. Their identity is their key, wherever the
 * store is.
 */
public final class ArtifactModelSource implements ModelSource {
    /** What references of such models begin with. */
    public static final String KIND = "artifact:";
    /** What identities of such models begin with: {@code artifact:<key>}. */
    public static final String IDENTITY_PREFIX = "artifact:";

    private static final String PREFIX = KIND + "//";

    private final ArtifactStore store;

    /** Artifacts of a store. */
    public ArtifactModelSource(ArtifactStore store) {
        this.store = store;
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) {
        if (!path.startsWith(PREFIX) || revision != null) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model '" + path.replaceAll("\\p{C}", "?")
                    + (revision == null ? "" : "@" + revision) + "' is no artifact; expected " + PREFIX + "KEY.");
        }
        String artifact = path.substring(PREFIX.length());
        try {
            return store.openArtifact(artifact);
        } catch (AmalgamException e) {
            throw e.code() == ErrorCode.NOT_FOUND ? new AmalgamException(ErrorCode.MODEL_NOT_FOUND,
                    "Model " + path.replaceAll("\\p{C}", "?") + " is no finished artifact of this store.", e) : e;
        }
    }
}
