package io.amalgam.events;

import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes events. A future completes when all in-sync replicas have the record (acks=all), or exceptionally with the
 * {@link KafkaException} that says why not. Safe for use by several threads.
 */
public final class EventPublisher implements AutoCloseable {

    private final KafkaProducer<String, byte[]> producer;
    private final String source;
    private final Clock clock;

    /**
     * Connects lazily: the broker need not be there yet.
     *
     * @param connection bootstrap servers and security settings, by Kafka's names; may override what is set here
     * @param source the CloudEvents source, such as {@code merge-worker/host-1}
     */
    public EventPublisher(Map<String, Object> connection, String source, Clock clock) {
        Map<String, Object> configuration = new HashMap<>();
        configuration.put(ProducerConfig.ACKS_CONFIG, "all");
        configuration.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        configuration.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // Callers have their own way of waiting an outage out; they must not hang in send() for a minute.
        configuration.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 10_000L);
        configuration.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 10_000);
        configuration.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 30_000);
        configuration.putAll(connection);
        this.producer = new KafkaProducer<>(configuration, new StringSerializer(), new ByteArraySerializer());
        this.source = source;
        this.clock = clock;
    }

    /** Publishes an event that belongs to a request's trace. */
    public CompletableFuture<RecordMetadata> publish(Event event, TraceContext trace) {
        CompletableFuture<RecordMetadata> acknowledged = new CompletableFuture<>();
        var record = EventCodec.encode(event, source, trace.next(), clock.instant());
        try {
            producer.send(record, (metadata, failure) -> {
                if (failure == null) {
                    acknowledged.complete(metadata);
                } else {
                    acknowledged.completeExceptionally(failure);
                }
            });
        } catch (KafkaException failure) {
            acknowledged.completeExceptionally(failure);
        }
        return acknowledged;
    }

    /** Waits a short while for what is under way, then disconnects. */
    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
    }
}
