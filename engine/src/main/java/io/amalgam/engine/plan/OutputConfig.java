package io.amalgam.engine.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.architecture.Architecture;
import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.json.IndentedJson;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.tokenizer.PinnedVocabulary;
import java.util.Optional;

/**
 * The output's {@code config.json} (mergekit.md §3.7): the base model's, else the first model's, with the type, the
 * number of layers and the vocabulary's size as they are now. Everything else stays as it is; MergeKit would pass it
 * through transformers, which fills in defaults and renames fields.
 */
final class OutputConfig {

    private static final String TYPE = "dtype";
    /** The name that the type had before version 5 of transformers. */
    private static final String OLD_TYPE = "torch_dtype";

    private OutputConfig() {
    }

    static byte[] write(
            Recipe recipe,
            Architecture architecture,
            MergeLayout layout,
            RecipeModels models,
            PinnedVocabulary vocabulary) {
        ModelView donor = models.donor();
        ObjectNode config = donor.config().json().deepCopy();
        DType dtype = recipe.outDtype() != null ? recipe.outDtype() : recipe.dtype();
        if (dtype != null) {
            config.put(config.has(OLD_TYPE) && !config.has(TYPE) ? OLD_TYPE : TYPE, dtype.torchName());
        }
        if (layout.stacked()) {
            for (MergeLayout.Module module : layout.modules()) {
                Optional<String> key = module.definition().layerKey(donor.config());
                key.ifPresent(name -> set(config, name, module.layers()));
            }
        }
        if (vocabulary != null) {
            set(
                    config,
                    architecture.vocabularyKey(donor.config()).orElse(architecture.vocabularyKeys().getFirst()),
                    vocabulary.paddedRows());
        }
        return IndentedJson.bytes(config, false);
    }

    /** Sets the number at a dotted path; objects on the way that are missing are made. */
    private static void set(ObjectNode config, String dottedPath, int value) {
        String[] parts = dottedPath.split("\\.");
        ObjectNode owner = config;
        for (int i = 0; i < parts.length - 1; i++) {
            JsonNode next = owner.get(parts[i]);
            owner = next instanceof ObjectNode object ? object : owner.putObject(parts[i]);
        }
        owner.put(parts[parts.length - 1], value);
    }
}
