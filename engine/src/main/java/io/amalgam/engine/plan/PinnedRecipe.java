package io.amalgam.engine.plan;

import io.amalgam.engine.tokenizer.PinnedVocabulary;
import java.util.List;
import java.util.Map;

/**
 * A recipe that was accepted, with its models at fixed identities and their header inventories: all that planning uses.
 * Planning it again gives the same plan, to the byte, on any machine.
 *
 * @param artifactKey digest of everything that decides the artifact: the canonical recipe with names replaced by
 *     identities, the options, the seed, the version of the arithmetic
 * @param numerics the version of the arithmetic it was pinned for
 * @param recipe the recipe's text as it was written
 * @param file name of the recipe, for messages
 * @param options what the request chose
 * @param seed seed of the random stream: the one asked for, else one derived from the recipe's digest; 32 bits, unsigned
 * @param models every model and adapter that the recipe names, by index
 * @param vocabulary the output vocabulary, or null where the recipe leaves vocabularies alone
 * @param files files of the artifact that are known already: tokenizer, generation configuration
 */
public record PinnedRecipe(
        String artifactKey,
        int numerics,
        String recipe,
        String file,
        PlanOptions options,
        long seed,
        List<PinnedModel> models,
        PinnedVocabulary vocabulary,
        Map<String, byte[]> files) {

    /** Keeps collections as they are now. */
    public PinnedRecipe {
        models = List.copyOf(models);
        files = Map.copyOf(files);
    }
}
