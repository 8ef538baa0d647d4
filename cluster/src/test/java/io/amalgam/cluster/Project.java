package io.amalgam.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** Files of the project, and YAML as tests look at it. */
final class Project {

    /** The project's folder. */
    static final Path HOME = Path.of("..").toAbsolutePath().normalize();

    private Project() {
    }

    /** Every document of the YAML files below a folder of {@code k8s}. */
    static List<Map<String, Object>> resources(String folder) {
        List<Map<String, Object>> resources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(HOME.resolve("k8s").resolve(folder))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".yaml")).sorted().toList()) {
                for (Map<String, Object> document : documents(Files.readString(file))) {
                    if (!"Kustomization".equals(document.get("kind"))) {
                        resources.add(document);
                    }
                }
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return resources;
    }

    /** The documents of a YAML text. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> documents(String yaml) {
        List<Map<String, Object>> documents = new ArrayList<>();
        for (Object document : new Yaml().loadAll(yaml)) {
            if (document != null) {
                documents.add((Map<String, Object>) document);
            }
        }
        return documents;
    }

    /** The resources of a kind. */
    static List<Map<String, Object>> ofKind(List<Map<String, Object>> resources, String kind) {
        return resources.stream().filter(resource -> kind.equals(resource.get("kind"))).toList();
    }

    /** A resource's name. */
    static String name(Map<String, Object> resource) {
        return at(resource, "metadata", "name");
    }

    /** What lies at a path of keys and list indices; null if anything on the way is missing. */
    @SuppressWarnings("unchecked")
    static <T> T at(Object value, Object... path) {
        Object here = value;
        for (Object step : path) {
            if (here instanceof Map<?, ?> map) {
                here = map.get(step);
            } else if (here instanceof List<?> list && step instanceof Integer index && index < list.size()) {
                here = list.get(index);
            } else {
                return null;
            }
        }
        return (T) here;
    }
}
