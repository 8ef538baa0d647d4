package io.amalgam.events;

import io.amalgam.events.EventCodec.Decoded;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventCodec.Unreadable;
import io.amalgam.events.Topics.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads all of a topic from its beginning and then follows it, without a group: every reader sees every event. What it
 * sees is held by whoever reads, so a restart reads again.
 */
public final class LogReader implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long PAUSE_MILLIS = 1_000;

    private final Map<String, Object> configuration;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final Consumer<Received> follower;
    private final Thread thread;
    private final Object caughtUp = new Object();
    private long requests;
    private long answers;
    private volatile boolean closed;

    /**
     * Prepares a reader; {@link #start()} begins.
     *
     * @param connection bootstrap servers and security settings, by Kafka's names
     * @param topic what to read; it must exist
     * @param follower called with each event on one thread, in the order of each partition. Events come again from the
     *     beginning after the connection had to be made anew, so that what it does must bear repetition
     */
    public LogReader(Map<String, Object> connection, Topic topic, Consumer<Received> follower) {
        this.configuration = new HashMap<>(connection);
        configuration.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        configuration.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        configuration.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(new TopicPartition(topic.name(), partition));
        }
        this.follower = follower;
        this.thread = Thread.ofPlatform().name("log-" + topic.name()).daemon(true).unstarted(this::run);
    }

    /** Begins to read. */
    public void start() {
        thread.start();
    }

    /**
     * Waits until everything has been read that was in the topic when this was called.
     *
     * @return whether it has, within {@code patience}
     */
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        synchronized (caughtUp) {
            long mine = ++requests;
            while (answers < mine) {
                long millis = (end - System.nanoTime()) / 1_000_000;
                if (millis <= 0 || closed) {
                    return false;
                }
                caughtUp.wait(millis);
            }
            return true;
        }
    }

    /** Stops reading. */
    @Override
    public void close() {
        closed = true;
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closed) {
            try (KafkaConsumer<String, byte[]> consumer =
                    new KafkaConsumer<>(configuration, new StringDeserializer(), new ByteArrayDeserializer())) {
                consumer.assign(partitions);
                consumer.seekToBeginning(partitions);
                while (!closed) {
                    read(consumer);
                    answer(consumer);
                }
            } catch (RuntimeException failure) {
                // Whatever it was, a reader that stands still would be worse: others wait for it to reach the end.
                LOG.warn("reading {} failed and begins again", partitions.getFirst().topic(), failure);
                pause();
            }
        }
    }

    private void read(KafkaConsumer<String, byte[]> consumer) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
            Decoded decoded = EventCodec.decode(record);
            switch (decoded) {
                case Received received -> follower.accept(received);
                case Unreadable unreadable -> LOG.warn("{}-{}@{} is passed over: {}",
                        record.topic(), record.partition(), record.offset(), unreadable.reason());
            }
        }
    }

    /** Answers those who wait: the ends are asked for after their question, and reading has reached them. */
    private void answer(KafkaConsumer<String, byte[]> consumer) {
        long asked;
        synchronized (caughtUp) {
            asked = requests;
            if (asked == answers) {
                return;
            }
        }
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (!closed && !reached(consumer, ends)) {
            read(consumer);
        }
        synchronized (caughtUp) {
            answers = asked;
            caughtUp.notifyAll();
        }
    }

    private static boolean reached(KafkaConsumer<String, byte[]> consumer, Map<TopicPartition, Long> ends) {
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            if (consumer.position(end.getKey()) < end.getValue()) {
                return false;
            }
        }
        return true;
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
