package io.amalgam.recipeservice.messaging;

import io.amalgam.events.TopicAdministration;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.jboss.logging.Logger;

/** Makes or verifies topics in the background, again and again until Kafka answers; unready until they are right. */
@Readiness
@ApplicationScoped
public class TopicsReady implements HealthCheck {

    private static final Logger LOG = Logger.getLogger(TopicsReady.class);
    private static final long PAUSE_MILLISECONDS = 2_000;

    private final Broker broker;
    private final boolean mayCreate;
    private final int replication;
    private volatile List<String> differences = List.of("Kafka has not answered yet");
    private Thread thread;

    /** Takes the connection and whether topics may be made here. */
    public TopicsReady(
            Broker broker,
            @ConfigProperty(name = "amalgam.topics.create", defaultValue = "true") boolean mayCreate,
            @ConfigProperty(name = "amalgam.topics.replication", defaultValue = "-1") int replication) {
        this.broker = broker;
        this.mayCreate = mayCreate;
        this.replication = replication;
    }

    void start(@Observes StartupEvent event) {
        thread = Thread.ofVirtual().name("topics").start(this::ensure);
    }

    void stop(@Observes ShutdownEvent event) {
        thread.interrupt();
    }

    /** {@inheritDoc} */
    @Override
    public HealthCheckResponse call() {
        List<String> remaining = differences;
        return HealthCheckResponse.named("topics")
                .status(remaining.isEmpty())
                .withData("differences", String.join("; ", remaining))
                .build();
    }

    private void ensure() {
        String told = "";
        while (!differences.isEmpty()) {
            try (Admin admin = Admin.create(broker.connection())) {
                differences = new TopicAdministration(admin, mayCreate, replication).ensure();
            } catch (KafkaException failure) {
                differences = List.of("Kafka did not answer: " + failure.getMessage());
            }
            String text = String.join("; ", differences);
            if (!text.equals(told)) {
                LOG.info(text.isEmpty() ? "topics are as they must be" : "not ready: " + text);
                told = text;
            }
            if (!text.isEmpty() && !pause()) {
                return;
            }
        }
    }

    private static boolean pause() {
        try {
            Thread.sleep(PAUSE_MILLISECONDS);
            return true;
        } catch (InterruptedException interrupted) {
            return false;
        }
    }
}
