package io.amalgam.engine.architecture;

import io.amalgam.engine.checkpoint.DType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The architectures that are known by name: {@code architectures.yml} beside this class, which explains its form. */
public final class Architectures {

    private static final String TABLE = "architectures.yml";
    private static final Map<String, List<Architecture>> BY_NAME = load();

    private Architectures() {
    }

    /**
     * The layout of a class of models.
     *
     * @param name class name, as under {@code architectures} of {@code config.json}
     * @param modelType {@code model_type}, which tells apart several layouts of one class; null if there is none
     */
    public static Optional<Architecture> find(String name, String modelType) {
        List<Architecture> found = BY_NAME.getOrDefault(name, List.of());
        if (found.size() == 1) {
            return Optional.of(found.getFirst());
        }
        return found.stream().filter(each -> each.modelType().equals(modelType)).findFirst();
    }

    /** All layouts, in the order of the table. */
    public static List<Architecture> all() {
        return BY_NAME.values().stream().flatMap(List::stream).toList();
    }

    private static Map<String, List<Architecture>> load() {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(10_000);
        Map<String, Object> table;
        try (InputStream stream = Architectures.class.getResourceAsStream(TABLE)) {
            table = new Yaml(new SafeConstructor(options)).load(stream);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, List<Architecture>> byName = new LinkedHashMap<>();
        mapping(table.get("architectures")).forEach((key, value) -> {
            Map<String, Object> entry = mapping(value);
            List<String> names = new ArrayList<>();
            names.add((String) entry.getOrDefault("class", key));
            names.addAll(names(entry.get("also")));
            List<ArchitectureModule> modules = new ArrayList<>();
            mapping(entry.get("modules")).forEach((name, module) -> modules.add(module(name, mapping(module))));
            List<String> vocabularyKeys = names(entry.get("vocabulary"));
            for (String name : names) {
                Architecture architecture = new Architecture(
                        name,
                        (String) entry.get("model_type"),
                        modules,
                        names(entry.get("files")),
                        vocabularyKeys.isEmpty() ? List.of("vocab_size") : vocabularyKeys,
                        false);
                byName.computeIfAbsent(name, each -> new ArrayList<>()).add(architecture);
            }
        });
        return byName;
    }

    private static ArchitectureModule module(String name, Map<String, Object> entry) {
        String prefix = (String) entry.getOrDefault("prefix", "");
        String layer = prefix + entry.getOrDefault("layer", "");
        String alias = entry.containsKey("layer_alias") ? prefix + entry.get("layer_alias") : null;
        Object layers = entry.get("layers");
        return new ArchitectureModule(
                name,
                layers instanceof Integer ? List.of() : names(layers),
                layers instanceof Integer fixed ? fixed : -1,
                templates(entry.get("before"), prefix, null),
                templates(entry.get("each"), layer, alias),
                templates(entry.get("after"), prefix, null));
    }

    private static List<TensorTemplate> templates(Object entries, String prefix, String aliasPrefix) {
        List<TensorTemplate> templates = new ArrayList<>();
        if (entries == null) {
            return templates;
        }
        for (Object entry : (List<?>) entries) {
            if (entry instanceof List<?> nested) {
                templates.addAll(templates(nested, prefix, aliasPrefix));
                continue;
            }
            Map<String, Object> attributes = entry instanceof String name ? Map.of("name", name) : mapping(entry);
            List<String> aliases = new ArrayList<>(prefixed(attributes.get("aliases"), prefix));
            if (aliasPrefix != null) {
                aliases.add(aliasPrefix + attributes.get("name"));
                aliases.addAll(prefixed(attributes.get("aliases"), aliasPrefix));
            }
            templates.add(new TensorTemplate(
                    prefix + attributes.get("name"),
                    Boolean.TRUE.equals(attributes.get("vocabulary")),
                    Boolean.TRUE.equals(attributes.get("optional")),
                    aliases,
                    prefixed(attributes.get("tied"), prefix),
                    attributes.containsKey("dtype") ? DType.ofTorchName((String) attributes.get("dtype")) : null,
                    prefixed(attributes.get("experts"), prefix)));
        }
        return templates;
    }

    /** Names below a prefix; one that begins with a slash is whole already. */
    private static List<String> prefixed(Object names, String prefix) {
        return names(names).stream()
                .map(name -> name.startsWith("/") ? name.substring(1) : prefix + name)
                .toList();
    }

    private static List<String> names(Object value) {
        return switch (value) {
            case null -> List.of();
            case String one -> List.of(one);
            case List<?> several -> several.stream().map(String.class::cast).toList();
            default -> throw new IllegalStateException(TABLE + " has " + value + " where a name is expected");
        };
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> mapping(Object value) {
        return (Map<String, Object>) value;
    }
}
