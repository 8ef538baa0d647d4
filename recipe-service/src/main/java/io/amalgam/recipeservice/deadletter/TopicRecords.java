package io.amalgam.recipeservice.deadletter;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventPublisher;
import io.amalgam.recipeservice.messaging.Broker;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Single records of topics, looked up by their place or by their mark. */
@ApplicationScoped
public class TopicRecords {

    private static final Duration POLL = Duration.ofMillis(200);
    private static final int ANSWER_MILLISECONDS = 5_000;

    private final Broker broker;

    /** Takes the connection. */
    public TopicRecords(Broker broker) {
        this.broker = broker;
    }

    /** The offset that the next record of a partition will get. */
    long end(TopicPartition partition) {
        return ask(partition, consumer -> end(consumer, partition));
    }

    /** The record at an offset, if the topic still has it. */
    Optional<ConsumerRecord<String, byte[]>> at(TopicPartition partition, long offset) {
        return ask(partition, consumer -> {
            consumer.seek(partition, offset);
            long end = end(consumer, partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    // Compaction and retention leave holes: the next one there is may be another.
                    return record.offset() == offset ? Optional.of(record) : Optional.empty();
                }
            }
            return Optional.empty();
        });
    }

    /** Whether a partition has a record with a mark of replaying, from an offset on. */
    boolean hasReplay(TopicPartition partition, long from, String mark) {
        return ask(partition, consumer -> {
            consumer.seek(partition, from);
            long end = end(consumer, partition);
            while (consumer.position(partition) < end) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                    if (mark.equals(EventCodec.text(record.headers(), EventPublisher.REPLAY_HEADER))) {
                        return true;
                    }
                }
            }
            return false;
        });
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask(KafkaConsumer<String, byte[]> consumer);
    }

    private <T> T ask(TopicPartition partition, Question<T> question) {
        Map<String, Object> settings = new HashMap<>(broker.connection());
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MILLISECONDS);
        settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MILLISECONDS);
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            return question.ask(consumer);
        } catch (KafkaException failure) {
            throw new AmalgamException(ErrorCode.BROKER_UNAVAILABLE,
                    "Kafka did not answer a question about " + partition + " (" + failure.getMessage()
                            + "); send the request again later", failure);
        }
    }

    private static long end(KafkaConsumer<String, byte[]> consumer, TopicPartition partition) {
        return consumer.endOffsets(List.of(partition)).get(partition);
    }
}
