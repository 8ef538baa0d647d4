package io.amalgam.engine.architecture;

import io.amalgam.engine.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A part of a model whose layers are counted together: most models have one, named {@code default}.
 *
 * @param name its name
 * @param layerKeys keys of {@code config.json} that may hold the number of layers, in the order in which they are tried
 * @param fixedLayers the number of layers where no key holds it, else -1
 * @param before tensors before the layers
 * @param each tensors of every layer
 * @param after tensors after the layers
 */
public record ArchitectureModule(
        String name,
        List<String> layerKeys,
        int fixedLayers,
        List<TensorTemplate> before,
        List<TensorTemplate> each,
        List<TensorTemplate> after) {

    /** The module of models that have only one. */
    public static final String DEFAULT = "default";

    /** Other spellings of {@code num_hidden_layers}, which transformers maps to it. */
    private static final List<String> LAYER_KEY_SYNONYMS = List.of("n_layer", "n_layers", "num_layers");

    /** Keeps the lists as they are now. */
    public ArchitectureModule {
        layerKeys = List.copyOf(layerKeys);
        before = List.copyOf(before);
        each = List.copyOf(each);
        after = List.copyOf(after);
    }

    /** The key of this configuration that holds the number of layers, if there is one. */
    public Optional<String> layerKey(ModelConfig config) {
        List<String> candidates = new ArrayList<>(layerKeys);
        for (String key : layerKeys) {
            int dot = key.lastIndexOf('.') + 1;
            if (key.substring(dot).equals("num_hidden_layers")) {
                LAYER_KEY_SYNONYMS.forEach(synonym -> candidates.add(key.substring(0, dot) + synonym));
            }
        }
        return candidates.stream().filter(key -> config.integer(key).isPresent()).findFirst();
    }

    /** How many layers a model of this configuration has, if it says so. */
    public OptionalLong layers(ModelConfig config) {
        return fixedLayers >= 0
                ? OptionalLong.of(fixedLayers)
                : layerKey(config).map(config::integer).orElse(OptionalLong.empty());
    }
}
