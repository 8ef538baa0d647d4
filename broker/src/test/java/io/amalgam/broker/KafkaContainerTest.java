package io.amalgam.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.ContainerFetchException;
import org.testcontainers.kafka.KafkaContainer;

/** What the line asks of a broker, asked of Kafka's own image: {@link WorkQueueCheck} in a container. */
@Timeout(600)
class KafkaContainerTest {
    /** The oldest Kafka whose share groups need no switch. */
    private static final String IMAGE = "apache/kafka:4.2.0";
    private static final Duration LOCK_CEILING = Duration.ofMinutes(15);

    @Test
    void aBrokerInAContainerHandsOutEachRecord() throws Exception {
        assumeTrue(engineRuns(), "no container engine runs here; with Docker running, this test uses " + IMAGE);
        try (KafkaContainer kafka = new KafkaContainer(IMAGE)) {
            kafka.withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")
                    .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1")
                    .withEnv("KAFKA_GROUP_SHARE_MAX_RECORD_LOCK_DURATION_MS", Long.toString(LOCK_CEILING.toMillis()));
            try {
                kafka.start();
            } catch (ContainerFetchException e) {
                abort("the image " + IMAGE + " cannot be had here");
            }
            String bootstrapServers = kafka.getBootstrapServers();
            WorkQueueCheck.createTopicAndGroup(bootstrapServers);
            WorkQueueCheck.publish(bootstrapServers, "one", "two", "three");
            assertEquals(List.of("one", "three", "two"), WorkQueueCheck.consume(bootstrapServers, 3));
        }
    }

    private static boolean engineRuns() {
        return DockerClientFactory.instance().isDockerAvailable();
    }
}
