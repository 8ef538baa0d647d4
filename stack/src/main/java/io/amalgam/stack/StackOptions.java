package io.amalgam.stack;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that {@code up} and {@code demo} share. */
final class StackOptions {
    @Option(names = "--models", paramLabel = "DIR",
            description = "Root of model names in recipes (default: the working directory; of the demo, the project).")
    private Path models;

    @Option(names = "--benchmarks", paramLabel = "DIR",
            description = "Folder of benchmark data (default: the project's samples/benchmark).")
    private Path benchmarks;

    @Option(names = "--store", paramLabel = "DIR",
            description = "Folder of artifacts (default: .amalgam/store of the project).")
    private Path store;

    @Option(names = "--work", paramLabel = "DIR",
            description = "Folder for logs, broker and database (default: .amalgam of the project).")
    private Path work;

    @Option(names = "--port", paramLabel = "PORT",
            description = "Port of the page and the REST interface (default: 8080, or a free one if it is taken).")
    private int port;

    @Option(names = "--merge-workers", paramLabel = "N", defaultValue = "2", description = "Default: 2.")
    private int mergeWorkers;

    @Option(names = "--eval-workers", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
    private int evalWorkers;

    @Option(names = "--recipe-services", paramLabel = "N", defaultValue = "1",
            description = "Replicas of recipe-service; the others have free ports (default: 1).")
    private int recipeServices;

    /** The variable that tells services where artifacts go. */
    static final String STORE_ROOT = "AMALGAM_STORE_ROOT";

    /** Returns the project's folder, which the launcher names. */
    static Path home() {
        return Path.of(System.getProperty("amalgam.home", ".")).toAbsolutePath().normalize();
    }

    /**
     * Returns the settings, with the external Kafka, PostgreSQL and bucket that the environment names.
     *
     * @param usualModels the root of model names if none was given
     */
    StackSettings settings(Path usualModels) {
        Path home = home();
        Path workFolder = absolute(work, home.resolve(".amalgam"));
        return new StackSettings(
                home, workFolder,
                absolute(models, usualModels),
                absolute(store, workFolder.resolve("store")),
                absolute(benchmarks, home.resolve("samples/benchmark")),
                mergeWorkers, evalWorkers, port,
                variable("KAFKA_BOOTSTRAP_SERVERS"), variable("QUARKUS_DATASOURCE_JDBC_URL"), bucket(),
                recipeServices, StackSettings.USUAL_RESTARTS);
    }

    /** A store in a bucket, if the environment names one, in place of the folder. */
    private static Map<String, String> bucket() {
        return variable(STORE_ROOT).filter(root -> root.startsWith("s3:")).map(root -> Map.of(STORE_ROOT, root)).orElse(Map.of());
    }

    private static Path absolute(Path given, Path otherwise) {
        return given == null ? otherwise : given.toAbsolutePath().normalize();
    }

    private static Optional<String> variable(String name) {
        return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
    }
}
