package io.amalgam.stack;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a stack consists of and where its files are.
 *
 * @param home the project's folder, which holds the built services
 * @param work the folder for logs, data of broker and database, temporary files
 * @param models the root that model names in recipes are relative to
 * @param store the artifact store's folder
 * @param benchmarks the folder of benchmark data
 * @param mergeWorkers how many
 * @param evalWorkers how many
 * @param port of recipe-service; 0 means the usual one, or any free one if that is taken
 * @param kafka bootstrap servers of a Kafka that is there already; empty means the embedded broker
 * @param database JDBC URL of a PostgreSQL that is there already; empty means the embedded one
 * @param environment further variables for the services
 * @param recipeServices how many replicas of recipe-service; the first has {@code port}
 * @param restartLimit how often in a row a process that ends by itself is started again
 */
public record StackSettings(
        Path home, Path work, Path models, Path store, Path benchmarks, int mergeWorkers, int evalWorkers, int port,
        Optional<String> kafka, Optional<String> database, Map<String, String> environment,
        int recipeServices, int restartLimit) {

    /** The port that recipe-service gets if nobody else has it. */
    static final int USUAL_PORT = 8080;

    /** How often in a row a process is usually started again. */
    public static final int USUAL_RESTARTS = 5;

    /** Returns the folder of all log files. */
    public Path logs() {
        return work.resolve("logs");
    }

    /** Returns where the embedded broker keeps its data. */
    public Path brokerDirectory() {
        return work.resolve("broker");
    }

    /** Returns where the embedded database keeps its binaries and data. */
    public Path databaseDirectory() {
        return work.resolve("postgresql");
    }
}
