package io.amalgam.events;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes events. A future completes when all in-sync replicas have the record (acks=all), or exceptionally with the
 * {@link KafkaException} that says why not. Safe for use by several threads.
 */
public final class EventPublisher implements AutoCloseable {

    /** Header of a replayed record: the dead letter that it was replayed from. */
    public static final String REPLAY_HEADER = "amalgam_replay";

    private static final Logger LOG = LoggerFactory.getLogger(EventPublisher.class);
    private static final long FIRST_PAUSE_MILLIS = 200;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

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
        return send(EventCodec.encode(event, source, trace.next(), clock.instant()));
    }

    /**
     * Publishes an event and waits until the broker has it, however long an outage lasts.
     *
     * @param givingUp asked between attempts: whether to stop trying
     * @return whether the broker has it
     */
    public boolean publishPatiently(Event event, TraceContext trace, BooleanSupplier givingUp)
            throws InterruptedException {
        return patiently(
                () -> EventCodec.encode(event, source, trace.next(), clock.instant()), givingUp);
    }

    /**
     * Publishes a consumed record anew, with its headers, and waits until the broker has it.
     *
     * @param givingUp asked between attempts: whether to stop trying
     * @return whether the broker has it
     */
    public boolean republish(ConsumerRecord<String, byte[]> record, BooleanSupplier givingUp)
            throws InterruptedException {
        return patiently(
                () -> new ProducerRecord<>(record.topic(), record.partition(), record.key(), record.value(),
                        record.headers()),
                givingUp);
    }

    /**
     * Publishes a record once more where it was, with its headers and a mark by which it is found again.
     *
     * @param record as it was consumed
     * @param mark value of the header {@link #REPLAY_HEADER}, in place of an earlier one
     */
    public CompletableFuture<RecordMetadata> replay(ConsumerRecord<String, byte[]> record, String mark) {
        RecordHeaders headers = new RecordHeaders(record.headers());
        headers.remove(REPLAY_HEADER);
        headers.add(REPLAY_HEADER, mark.getBytes(StandardCharsets.UTF_8));
        return send(new ProducerRecord<>(record.topic(), record.partition(), record.key(), record.value(), headers));
    }

    private boolean patiently(Supplier<ProducerRecord<String, byte[]>> record, BooleanSupplier givingUp)
            throws InterruptedException {
        long pause = FIRST_PAUSE_MILLIS;
        while (true) {
            try {
                send(record.get()).get();
                return true;
            } catch (ExecutionException failure) {
                LOG.warn("publishing failed and is tried again: {}", failure.getCause().toString());
            }
            if (givingUp.getAsBoolean()) {
                return false;
            }
            Thread.sleep(pause);
            pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
        }
    }

    private CompletableFuture<RecordMetadata> send(ProducerRecord<String, byte[]> record) {
        CompletableFuture<RecordMetadata> acknowledged = new CompletableFuture<>();
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
