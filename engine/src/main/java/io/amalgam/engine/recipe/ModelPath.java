package io.amalgam.engine.recipe;

import java.util.Objects;

/**
 * A folder or repository, and optionally which revision of it.
 *
 * @param path a local folder, a Hub repository {@code owner/name}, or an {@code s3://} prefix
 * @param revision a branch, tag or commit, or null
 */
public record ModelPath(String path, String revision) {

    /** Checks that there is a path. */
    public ModelPath {
        Objects.requireNonNull(path, "path");
    }

    /** The path as a recipe writes it: {@code path[@revision]}. */
    @Override
    public String toString() {
        return revision == null ? path : path + "@" + revision;
    }
}
