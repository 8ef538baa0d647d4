package io.amalgam.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code ./amalgam generate}: writes the files that follow from the code. */
public final class GenerateMain {

    private GenerateMain() {
    }

    /** Every generated file, by its place in the project. */
    static Map<String, String> files() {
        Map<String, String> files = new LinkedHashMap<>();
        files.put("k8s/base/kafka/topics.yaml", TopicManifests.yaml());
        files.put("docs/metrics.md", MetricsPage.markdown());
        return files;
    }

    /**
     * Writes them.
     *
     * @param arguments the project's folder
     */
    public static void main(String[] arguments) throws IOException {
        for (Map.Entry<String, String> file : files().entrySet()) {
            Files.writeString(Path.of(arguments[0]).resolve(file.getKey()), file.getValue());
            System.out.println(file.getKey());
        }
    }
}
