package io.amalgam.engine.tokenizer;

import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.source.ModelSnapshot;

/**
 * A model whose vocabulary takes part in a merge.
 *
 * @param reference as the recipe calls it
 * @param index in the pinned recipe's models, of the model itself where the reference has an adapter
 * @param snapshot of the model itself
 * @param config its configuration
 * @param merged whether the recipe merges its weights; otherwise it gives its tokenizer only
 */
public record TokenizerInput(
        ModelReference reference, int index, ModelSnapshot snapshot, ModelConfig config, boolean merged) {

    /** Rows that its configuration says it has, or {@link Long#MAX_VALUE} where it does not say. */
    long configuredRows() {
        return config.integer("vocab_size").orElseGet(() -> config.integer("text_config.vocab_size").orElse(Long.MAX_VALUE));
    }
}
