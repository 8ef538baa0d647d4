package io.amalgam.events.work;

import io.amalgam.events.Topics;
import io.amalgam.events.Topics.WorkGroup;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka share group (KIP-932) as a work queue: one consumer a slot, one record a consumer, explicit acknowledgement.
 *
 * <p>The broker gives the records of a broken connection away at once; those of a worker that hangs, when the lock of
 * {@link Topics#WORK_LOCK} ends. Locks are not renewed (see the measurements in the design's messaging notes): work is
 * cut to be far shorter.
 */
public final class ShareGroupQueue implements WorkQueue {

    private static final Logger LOG = LoggerFactory.getLogger(ShareGroupQueue.class);
    private static final Duration ACKNOWLEDGEMENT_TIMEOUT = Duration.ofSeconds(10);

    private final Map<String, Object> configuration;
    private final String topic;

    /**
     * Prepares the queue; consumers connect when slots are opened.
     *
     * @param connection bootstrap servers and security settings, by Kafka's names
     * @param group the share group, whose settings {@link io.amalgam.events.TopicAdministration} makes
     */
    public ShareGroupQueue(Map<String, Object> connection, WorkGroup group) {
        this.topic = group.topic().name();
        this.configuration = new HashMap<>(connection);
        configuration.put(ConsumerConfig.GROUP_ID_CONFIG, group.name());
        configuration.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        configuration.put("share.acknowledgement.mode", "explicit");
        // Without it the broker may hand a slot a whole batch, which would then wait behind one record's work.
        configuration.put("share.acquire.mode", "record_limit");
        // A consumer that does not poll for this long leaves the group; a slot does not poll while it holds a record.
        configuration.put(
                ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG,
                Math.toIntExact(Topics.WORK_LOCK.plus(Duration.ofMinutes(5)).toMillis()));
    }

    @Override
    public Slot open() {
        KafkaShareConsumer<String, byte[]> consumer =
                new KafkaShareConsumer<>(configuration, new StringDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(topic));
        return new ShareSlot(consumer);
    }

    private record ShareSlot(KafkaShareConsumer<String, byte[]> consumer) implements Slot {

        @Override
        public Optional<Held> poll(Duration timeout) {
            ConsumerRecords<String, byte[]> records = consumer.poll(timeout);
            if (records.isEmpty()) {
                return Optional.empty();
            }
            ConsumerRecord<String, byte[]> record = records.iterator().next();
            int deliveries = record.deliveryCount().map(Short::intValue).orElse(1);
            return Optional.of(new Held(record, deliveries, System.nanoTime() + Topics.WORK_LOCK.toNanos()));
        }

        @Override
        public void accept(Held held) {
            acknowledge(held, AcknowledgeType.ACCEPT);
        }

        @Override
        public void release(Held held) {
            acknowledge(held, AcknowledgeType.RELEASE);
        }

        @Override
        public void close() {
            consumer.close(Duration.ofSeconds(5));
        }

        /** An acknowledgement that fails only means another delivery, so it is said and otherwise left alone. */
        private void acknowledge(Held held, AcknowledgeType type) {
            ConsumerRecord<String, byte[]> record = held.record();
            try {
                consumer.acknowledge(record, type);
                consumer.commitSync(ACKNOWLEDGEMENT_TIMEOUT)
                        .forEach((partition, failure) -> failure.ifPresent(reason -> report(record, type, reason)));
            } catch (KafkaException | IllegalStateException failure) {
                report(record, type, failure);
            }
        }

        private static void report(ConsumerRecord<?, ?> record, AcknowledgeType type, Exception failure) {
            LOG.warn("{} of {}-{}@{} did not reach the broker, so it will be delivered again: {}",
                    type, record.topic(), record.partition(), record.offset(), failure.toString());
        }
    }
}
