package io.amalgam.recipeservice.observe;

import io.amalgam.events.metric.Meters;
import io.amalgam.events.metric.Metric;
import io.amalgam.events.metric.ProcessMemory;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * What the process and its machine have room for: memory, and the artifact store's file system, so that somebody hears
 * before it is full.
 */
@Startup
@ApplicationScoped
public class RoomMetrics {

    private final Path root;

    /** Registers the gauges; without a folder (an object store) they tell nothing. */
    public RoomMetrics(@ConfigProperty(name = "amalgam.store.root") Path root, MeterRegistry registry) {
        this.root = root;
        Meters meters = new Meters(registry);
        ProcessMemory.register(meters);
        meters.gauge(Metric.STORE_FREE, () -> ask(FileStore::getUsableSpace));
        meters.gauge(Metric.STORE_SIZE, () -> ask(FileStore::getTotalSpace));
    }

    private interface Question {
        long ask(FileStore store) throws IOException;
    }

    private Number ask(Question question) {
        try {
            return Files.isDirectory(root) ? question.ask(Files.getFileStore(root)) : Double.NaN;
        } catch (IOException away) {
            return Double.NaN;
        }
    }
}
