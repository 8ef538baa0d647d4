package io.amalgam.recipeservice.messaging;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Event;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TraceContext;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The connection to Kafka on which this process publishes. */
@ApplicationScoped
public class Broker {

    /** How long a request waits for the broker before its sender is told to come again. */
    private static final int PATIENCE_MILLISECONDS = 5_000;

    private final Map<String, Object> connection;
    private final String source = "recipe-service/" + host();
    private final EventPublisher publisher;

    /** Takes the settings that all Kafka clients of this process share. Connects lazily. */
    public Broker(@Identifier("default-kafka-broker") Map<String, Object> connection) {
        this.connection = new HashMap<>(connection);
        Map<String, Object> settings = new HashMap<>(connection);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MILLISECONDS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MILLISECONDS / 2);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MILLISECONDS);
        this.publisher = new EventPublisher(settings, source, Clock.systemUTC());
    }

    /** Returns bootstrap servers and security settings, by Kafka's names. */
    public Map<String, Object> connection() {
        return Map.copyOf(connection);
    }

    /** Returns who this process is in events. */
    public String source() {
        return source;
    }

    /**
     * Publishes an event and waits until all in-sync replicas have it.
     *
     * @throws AmalgamException with {@code BROKER_UNAVAILABLE} if they do not say so in time; the event may have been
     *     written all the same, and publishing it again does no harm
     */
    public void publish(Event event, TraceContext trace) {
        await(publisher.publish(event, trace));
    }

    /**
     * Publishes a record once more where it was, marked with the dead letter that it is replayed from.
     *
     * @throws AmalgamException with {@code BROKER_UNAVAILABLE}; the record may have been written all the same
     */
    public void replay(ConsumerRecord<String, byte[]> record, UUID letter) {
        await(publisher.replay(record, letter.toString()));
    }

    private static void await(Future<?> acknowledgement) {
        try {
            acknowledgement.get();
        } catch (ExecutionException failure) {
            throw new AmalgamException(ErrorCode.BROKER_UNAVAILABLE,
                    "Kafka did not accept the event within " + PATIENCE_MILLISECONDS / 1000 + " s ("
                            + failure.getCause().getMessage() + "); nothing was started, send the request again later",
                    failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.BROKER_UNAVAILABLE,
                    "the service is stopping; send the request again later", interrupted);
        }
    }

    @PreDestroy
    void close() {
        publisher.close();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException exception) {
            return "unknown";
        }
    }
}
