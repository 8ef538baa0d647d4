package io.amalgam.engine.source;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Models in folders of this machine.
 *
 * <p>Services confine it to a root that all of their machines have under the same name: only relative paths, and nothing
 * that leads out of the root. The command line resolves paths against the working directory and allows any that its user
 * can read.
 */
public final class LocalModelSource implements ModelSource {

    /** What a model's identity is made of. */
    public enum Identity {
        /** Names, sizes, modification times, safetensors headers: takes milliseconds whatever the size. */
        FINGERPRINT,
        /** The contents of all files: a copy of a model elsewhere has the same identity. */
        CONTENTS
    }

    private final Path root;
    private final boolean allowAbsolute;
    private final Identity identity;

    /**
     * A source whose models are identified by fingerprint.
     *
     * @param root against which paths are resolved
     * @param allowAbsolute whether absolute paths and those that leave the root are read too
     */
    public LocalModelSource(Path root, boolean allowAbsolute) {
        this(root, allowAbsolute, Identity.FINGERPRINT);
    }

    /** A source with a choice of what models are identified by. */
    public LocalModelSource(Path root, boolean allowAbsolute, Identity identity) {
        this.root = root.toAbsolutePath().normalize();
        this.allowAbsolute = allowAbsolute;
        this.identity = identity;
    }

    @Override
    public ModelSnapshot resolve(String path, String revision) throws IOException {
        return find(path, revision).orElseThrow(() -> new AmalgamException(ErrorCode.MODEL_NOT_FOUND,
                "Model " + path + " is not a folder under " + (allowAbsolute ? "the working directory " + root : "the models' root") + "."));
    }

    /** Where a plan identifies a model by its contents, they are read, whatever this source identifies models by. */
    @Override
    public ModelSnapshot open(PlannedModel model) throws IOException {
        LocalModelSource source = model.identity().startsWith(LocalModelSnapshot.CONTENTS_PREFIX)
                ? new LocalModelSource(root, allowAbsolute, Identity.CONTENTS)
                : this;
        return ModelSource.requireSame(model, source.resolve(model.path(), model.revision()));
    }

    /**
     * Like {@link #resolve}, but says so where there is nothing of that name, so that another source can be asked.
     *
     * @throws AmalgamException with {@code MODEL_REFERENCE_INVALID} if the path may not be read here, or names a file
     */
    public Optional<ModelSnapshot> find(String path, String revision) throws IOException {
        Path folder = locate(path);
        if (folder == null) {
            return Optional.empty();
        }
        if (!Files.isDirectory(folder)) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID,
                    "Model " + path + " is a file; name the folder that holds config.json and the weights.");
        }
        if (revision != null) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model " + path + "@" + revision
                    + " names a revision, but " + path + " is a local folder, which has none; remove '@" + revision + "'.");
        }
        return Optional.of(LocalModelSnapshot.take(path, folder, allowAbsolute ? null : root.toRealPath(), identity));
    }

    private Path locate(String path) throws IOException {
        if (!allowAbsolute) {
            return LocalPaths.resolveUnder(root, "Model", path);
        }
        LocalPaths.checkText("Model", path);
        try {
            Path resolved = root.resolve(path).normalize();
            return Files.exists(resolved) ? resolved : null;
        } catch (InvalidPathException e) {
            throw new AmalgamException(ErrorCode.MODEL_REFERENCE_INVALID, "Model path '" + path + "' is not a path.", e);
        }
    }
}
