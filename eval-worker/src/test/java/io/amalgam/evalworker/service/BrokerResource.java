package io.amalgam.evalworker.service;

import io.amalgam.broker.BrokerProcess;
import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A real broker, and folders of the test's own. */
public class BrokerResource implements QuarkusTestResourceLifecycleManager {
    private BrokerProcess broker;

    @Override
    public Map<String, String> start() {
        try {
            Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "eval-worker-test");
            broker = BrokerProcess.start(folder.resolve("broker"));
            Path samples = Path.of("..", "samples").toAbsolutePath().normalize();
            return Map.of(
                    "kafka.bootstrap.servers", broker.bootstrapServers(),
                    "amalgam.models.root", samples.resolve("models").toString(),
                    "amalgam.benchmarks.root", samples.resolve("benchmark").toString(),
                    "amalgam.store.root", folder.resolve("store").toString(),
                    "amalgam.worker.name", "tested");
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
