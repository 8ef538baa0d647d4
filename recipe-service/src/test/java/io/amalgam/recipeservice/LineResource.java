package io.amalgam.recipeservice;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A PostgreSQL, a Kafka broker, a models' root and a store for tests: all real, all on free ports, all thrown away. */
public final class LineResource implements QuarkusTestResourceLifecycleManager {

    private static final Path FOLDER = Path.of("target", "line").toAbsolutePath();

    private EmbeddedPostgres postgres;
    private BrokerProcess broker;

    /** Where models of tests lie. */
    public static Path models() {
        return folder("models");
    }

    /** Where artifacts of tests lie. */
    public static Path store() {
        return folder("store");
    }

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(FOLDER), "run-");
            postgres = EmbeddedPostgres.builder().setDataDirectory(folder.resolve("postgres")).start();
            broker = BrokerProcess.start(folder.resolve("kafka"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return Map.of(
                "quarkus.datasource.jdbc.url", postgres.getJdbcUrl("postgres", "postgres"),
                "quarkus.datasource.username", "postgres",
                "kafka.bootstrap.servers", broker.bootstrapServers(),
                "amalgam.models.root", models().toString(),
                "amalgam.store.root", store().toString());
    }

    @Override
    public void stop() {
        if (broker != null) {
            broker.close();
        }
        if (postgres != null) {
            try {
                postgres.close();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        }
    }

    private static Path folder(String name) {
        try {
            return Files.createDirectories(FOLDER.resolve(name));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }
}
