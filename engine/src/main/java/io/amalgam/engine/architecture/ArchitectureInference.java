package io.amalgam.engine.architecture;

import io.amalgam.engine.checkpoint.ModelConfig;
import io.amalgam.engine.checkpoint.StoredTensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the layout of a model off its checkpoint, where the table does not know its class.
 *
 * <p>As MergeKit does (mergekit.md §3.6): the first number between dots in a name is a layer's index, what stands before
 * it is a module, and names without a number are tensors before the layers. Beyond it: names come from the checkpoints
 * themselves, so that no tensor is lost; embeddings are known by name and by having as many rows as the vocabulary; and
 * a configuration key that holds the number of layers found is taken for the one that counts them.
 */
public final class ArchitectureInference {

    private static final Pattern INDEX = Pattern.compile("\\.(\\d+)\\.");
    private static final Pattern EMBEDDING =
            Pattern.compile("(^|\\.)(embed_tokens|lm_head|wte|word_embeddings|embed_in|embed_out|output_layer|"
                    + "tok_embeddings|embeddings|output|score_head)\\.(weight|bias)$");
    private static final List<String> LAYER_KEYS = List.of(
            "num_hidden_layers", "text_config.num_hidden_layers", "n_layer", "n_layers", "num_layers", "depth",
            "vision_config.num_hidden_layers", "vision_config.depth");
    private static final List<String> VOCABULARY_KEYS = List.of("vocab_size", "text_config.vocab_size");

    private ArchitectureInference() {
    }

    /**
     * The layout that all these models fit.
     *
     * @param name class name, or a description if the configuration has none
     * @param config of the first model
     * @param models tensors of each model
     */
    public static Architecture infer(
            String name, ModelConfig config, List<? extends Collection<StoredTensor>> models) {
        OptionalLong vocabulary = VOCABULARY_KEYS.stream()
                .map(config::integer)
                .filter(OptionalLong::isPresent)
                .findFirst()
                .orElse(OptionalLong.empty());
        Map<String, Group> groups = new TreeMap<>();
        Group loose = new Group();
        for (Collection<StoredTensor> model : models) {
            boolean first = model == models.getFirst();
            for (StoredTensor tensor : model) {
                Matcher matcher = INDEX.matcher(tensor.name());
                boolean rows = vocabulary.isPresent()
                        && tensor.shape().length > 0
                        && tensor.shape()[0] == vocabulary.getAsLong()
                        && EMBEDDING.matcher(tensor.name()).find();
                if (matcher.find() && matcher.group(1).length() <= 6) {
                    String template = tensor.name().substring(0, matcher.start(1)) + TensorTemplate.LAYER
                            + tensor.name().substring(matcher.end(1));
                    groups.computeIfAbsent(tensor.name().substring(0, matcher.start()), each -> new Group())
                            .add(template, Integer.parseInt(matcher.group(1)), rows, first);
                } else {
                    loose.add(tensor.name(), 0, rows, first);
                }
            }
        }
        List<ArchitectureModule> modules = new ArrayList<>();
        List<TensorTemplate> before = loose.templates(models.size());
        if (groups.size() <= 1) {
            Group layers = groups.isEmpty() ? new Group() : groups.values().iterator().next();
            modules.add(layers.module(ArchitectureModule.DEFAULT, config, before, models.size()));
        } else {
            groups.forEach((prefix, group) -> modules.add(group.module(prefix, config, List.of(), models.size())));
            if (!before.isEmpty()) {
                modules.add(new ArchitectureModule(
                        ArchitectureModule.DEFAULT, List.of(), 0, before, List.of(), List.of()));
            }
        }
        return new Architecture(
                name, config.modelType().orElse(""), modules, List.of(), VOCABULARY_KEYS, true);
    }

    /** Tensors with a common prefix: how often each template occurs, over all layers and models. */
    private static final class Group {
        private final Map<String, Integer> occurrences = new LinkedHashMap<>();
        private final TreeSet<String> vocabulary = new TreeSet<>();
        private int layers;
        private int layersOfFirst;

        void add(String template, int layer, boolean rows, boolean first) {
            occurrences.merge(template, 1, Integer::sum);
            layers = Math.max(layers, layer + 1);
            if (first) {
                layersOfFirst = layers;
            }
            if (rows) {
                vocabulary.add(template);
            }
        }

        List<TensorTemplate> templates(int models) {
            List<TensorTemplate> templates = new ArrayList<>();
            occurrences.forEach((template, count) -> templates.add(new TensorTemplate(
                    template,
                    vocabulary.contains(template),
                    count < layers * models,
                    List.of(),
                    List.of(),
                    null,
                    List.of())));
            return templates;
        }

        ArchitectureModule module(String name, ModelConfig config, List<TensorTemplate> before, int models) {
            // A key that says what the first model's checkpoint shows says so for the others too.
            List<String> keys = LAYER_KEYS.stream()
                    .filter(key -> config.integer(key).orElse(-1) == layersOfFirst)
                    .limit(1)
                    .toList();
            return new ArchitectureModule(name, keys, keys.isEmpty() ? layers : -1, before, templates(models), List.of());
        }
    }
}
