package io.amalgam.recipeservice;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** A PostgreSQL, a Kafka broker, a models' root and a store for tests: all real, all on free ports, all thrown away. */
public final class LineResource implements QuarkusTestResourceLifecycleManager {

    /** An argument: {@code false} for an address of Kafka at which nothing answers. */
    static final String WITH_BROKER = "with-broker";

    /** An argument: {@code true} for models of the test's own, which it may change. */
    static final String OWN_MODELS = "own-models";
    /** An argument without effect but that tests with another value do not share the line. */
    static final String ONLY_FOR = "only-for";
    /** The secret of every endpoint for webhooks. */
    static final String WEBHOOK_SECRET = "a secret of the tests";

    private static final Path FOLDER = Path.of("target", "line").toAbsolutePath();
    private static final Path MODELS = Path.of("..", "samples", "models").toAbsolutePath().normalize();

    private EmbeddedPostgres postgres;
    private BrokerProcess broker;
    private boolean withBroker = true;
    private boolean ownModels;

    @Override
    public void init(Map<String, String> arguments) {
        withBroker = Boolean.parseBoolean(arguments.getOrDefault(WITH_BROKER, "true"));
        ownModels = Boolean.parseBoolean(arguments.getOrDefault(OWN_MODELS, "false"));
    }

    @Override
    public Map<String, String> start() {
        Path store;
        Path models = MODELS;
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(FOLDER), "run-");
            postgres = EmbeddedPostgres.builder().setDataDirectory(folder.resolve("postgres")).start();
            store = Files.createDirectories(folder.resolve("store"));
            if (ownModels) {
                models = copy(MODELS, folder.resolve("models"));
            }
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
                "amalgam.models.root", models.toString(),
                "amalgam.triggers.huggingface-secret", WEBHOOK_SECRET,
                "amalgam.triggers.object-secret", WEBHOOK_SECRET,
                "amalgam.triggers.event-secret", WEBHOOK_SECRET,
                "amalgam.store.root", store.toString(),
                "amalgam.retention.tenants.default.days", "30");
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

    private static Path copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
        return to;
    }
}
