package io.amalgam.engine.plan;

import io.amalgam.engine.checkpoint.StoredTensor;
import io.amalgam.engine.source.PlannedModel;
import java.util.List;

/**
 * A model or adapter at a fixed identity, with everything that planning has to know of it.
 *
 * @param path as the recipe wrote it, without revision and adapter
 * @param revision as the recipe wrote it, or null
 * @param identity the fixed identity it was resolved to
 * @param adapter whether it is a LoRA adapter
 * @param config text of {@code config.json}, or of {@code adapter_config.json}
 * @param tensors its header inventory, in the order of the names
 * @param license what its card says, such as {@code apache-2.0}; null if it says nothing
 */
public record PinnedModel(
        String path, String revision, String identity, boolean adapter, String config, List<StoredTensor> tensors,
        String license) {

    /** Keeps the list as it is now. */
    public PinnedModel {
        tensors = List.copyOf(tensors);
    }

    /** The model without its inventory. */
    public PlannedModel planned() {
        return new PlannedModel(path, revision, identity);
    }
}
