package io.amalgam.chaos;

import io.amalgam.events.EventCodec;
import io.amalgam.events.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Topics as an outsider reads and writes them. */
final class Topic {

    /** Header of records that chaos itself published again, so that they are not counted as the line's repetitions. */
    static final String REPEATED = "amalgam_chaos";

    private static final Duration POLL = Duration.ofMillis(500);
    private static final int MOST_REPEATED = 30;
    private static final String ANSWER_MILLIS = "15000";

    private Topic() {
    }

    /** Every record that a topic has, in the order of each partition. */
    static List<ConsumerRecord<String, byte[]>> read(String bootstrapServers, Topics.Topic topic) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(new TopicPartition(topic.name(), partition));
        }
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = consumer(bootstrapServers)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (ends.entrySet().stream().anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
                consumer.poll(POLL).forEach(records::add);
            }
        }
        return records;
    }

    /**
     * Publishes some records of a topic once more, in another order.
     *
     * @return how many
     */
    static int repeat(String bootstrapServers, Topics.Topic topic, Random random)
            throws InterruptedException, ExecutionException {
        TopicPartition partition = new TopicPartition(topic.name(), random.nextInt(topic.partitions()));
        List<ConsumerRecord<String, byte[]>> some = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = consumer(bootstrapServers)) {
            consumer.assign(List.of(partition));
            long begin = consumer.beginningOffsets(List.of(partition)).get(partition);
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            if (end <= begin) {
                return 0;
            }
            consumer.seek(partition, begin + random.nextLong(end - begin));
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                if (some.size() < MOST_REPEATED) {
                    some.add(record);
                }
            }
        }
        Collections.shuffle(some, random);
        try (KafkaProducer<String, byte[]> producer = producer(bootstrapServers)) {
            for (ConsumerRecord<String, byte[]> record : some) {
                RecordHeaders headers = new RecordHeaders(record.headers());
                headers.add(REPEATED, new byte[] {1});
                producer.send(new ProducerRecord<>(
                        record.topic(), record.partition(), record.key(), record.value(), headers)).get();
            }
        }
        return some.size();
    }

    /** Publishes a record that claims to be an event and is none. */
    static void poison(String bootstrapServers, Topics.Topic topic, Random random)
            throws InterruptedException, ExecutionException {
        try (KafkaProducer<String, byte[]> producer = producer(bootstrapServers)) {
            ProducerRecord<String, byte[]> record = new ProducerRecord<>(
                    topic.name(), random.nextInt(topic.partitions()), "poison-" + random.nextInt(Integer.MAX_VALUE),
                    new byte[] {'{', '"', (byte) random.nextInt(128)});
            record.headers().add("ce_type", "io.amalgam.MergeRequested".getBytes(StandardCharsets.UTF_8));
            producer.send(record).get();
        }
    }

    /** Whether chaos published a record, and not the line. */
    static boolean isRepeated(ConsumerRecord<String, byte[]> record) {
        return EventCodec.text(record.headers(), REPEATED) != null;
    }

    private static KafkaConsumer<String, byte[]> consumer(String bootstrapServers) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MILLIS);
        return new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer());
    }

    private static KafkaProducer<String, byte[]> producer(String bootstrapServers) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, ANSWER_MILLIS);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "5000");
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, ANSWER_MILLIS);
        return new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    }
}
