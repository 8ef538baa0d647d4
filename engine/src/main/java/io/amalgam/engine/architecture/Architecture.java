package io.amalgam.engine.architecture;

import io.amalgam.engine.checkpoint.ModelConfig;
import java.util.List;
import java.util.Optional;

/**
 * The layout of a model.
 *
 * @param name class name, as under {@code architectures} of {@code config.json}
 * @param modelType {@code model_type} of {@code config.json}
 * @param modules its parts
 * @param files files that are copied beside the weights
 * @param vocabularyKeys keys of {@code config.json} that may hold the vocabulary's size
 * @param inferred whether it was read off checkpoints, because the table does not know it
 */
public record Architecture(
        String name,
        String modelType,
        List<ArchitectureModule> modules,
        List<String> files,
        List<String> vocabularyKeys,
        boolean inferred) {

    /** Keeps the lists as they are now. */
    public Architecture {
        modules = List.copyOf(modules);
        files = List.copyOf(files);
        vocabularyKeys = List.copyOf(vocabularyKeys);
    }

    /** The key of this configuration that holds the vocabulary's size, if there is one. */
    public Optional<String> vocabularyKey(ModelConfig config) {
        return vocabularyKeys.stream().filter(key -> config.integer(key).isPresent()).findFirst();
    }

    /** The module of that name, if there is one. */
    public Optional<ArchitectureModule> module(String module) {
        return modules.stream().filter(each -> each.name().equals(module)).findFirst();
    }
}
