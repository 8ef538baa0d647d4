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

    /** An argument: {@code false} for an address of Kafka at which nothing answers. */
    static final String WITH_BROKER = "with-broker";

    private static final Path FOLDER = Path.of("target", "line").toAbsolutePath();
    private static final Path MODELS = Path.of("..", "samples", "models").toAbsolutePath().normalize();

    private EmbeddedPostgres postgres;
    private BrokerProcess broker;
    private boolean withBroker = true;

    @Override
    public void init(Map<String, String> arguments) {
        withBroker = Boolean.parseBoolean(arguments.getOrDefault(WITH_BROKER, "true"));
    }

    @Override
    public Map<String, String> start() {
        Path store;
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(FOLDER), "run-");
            postgres = EmbeddedPostgres.builder().setDataDirectory(folder.resolve("postgres")).start();
            store = Files.createDirectories(folder.resolve("store"));
            if (withBroker) {
                broker = BrokerProcess.start(folder.resolve("kafka"));
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return Map.of(
                "quarkus.datasource.jdbc.url", postgres.getJdbcUrl("postgres", "postgres"),
                "quarkus.datasource.username", "postgres",
                "kafka.bootstrap.servers",
                withBroker ? broker.bootstrapServers() : "127.0.0.1:" + BrokerProcess.freePort(),
                "amalgam.models.root", MODELS.toString(),
                "amalgam.store.root", store.toString());
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
}
