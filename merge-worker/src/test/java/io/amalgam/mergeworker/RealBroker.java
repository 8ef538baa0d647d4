package io.amalgam.mergeworker;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Gives a test of the whole service a broker, models and a store of its own. */
public final class RealBroker implements QuarkusTestResourceLifecycleManager {

    private BrokerProcess broker;

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "line")), "service");
            Line.copyModels(folder.resolve("models"));
            broker = BrokerProcess.start(folder.resolve("broker"));
            return Map.of(
                    "kafka.bootstrap.servers", broker.bootstrapServers(),
                    "amalgam.models.root", folder.resolve("models").toAbsolutePath().toString(),
                    "amalgam.store.root", folder.resolve("store").toAbsolutePath().toString(),
                    "amalgam.worker.name", "test-worker");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void stop() {
        if (broker != null) {
            broker.close();
        }
    }
}
