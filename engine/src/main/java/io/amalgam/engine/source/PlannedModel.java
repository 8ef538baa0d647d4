package io.amalgam.engine.source;

/**
 * A model (or adapter) that a plan reads.
 *
 * @param path as the recipe wrote it, without revision and adapter
 * @param revision as the recipe wrote it, or null
 * @param identity the fixed identity it was resolved to
 */
public record PlannedModel(String path, String revision, String identity) {
}
