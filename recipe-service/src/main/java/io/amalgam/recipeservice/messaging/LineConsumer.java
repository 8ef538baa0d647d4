package io.amalgam.recipeservice.messaging;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.EventCodec;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jboss.logging.Logger;

/**
 * Reads every topic of the line into the projection, in a thread of its own as a member of an ordinary group.
 *
 * <p>What one poll gave is applied in one transaction together with the positions behind it, so that a crash loses and
 * repeats nothing. An outage of the database or of Kafka is waited out, however long; only a record that cannot be read
 * or applied is given up, to the dead letters, and the line goes on.
 *
 * <p>It is a loop of ours and no channel, since a rebuild of the projection must be able to throw away what was read
 * before it and to go back to the beginning between two polls: a channel reads ahead, and what it has in hand would be
 * applied behind the positions that vanished.
 */
@ApplicationScoped
public class LineConsumer {

    /** What the projection is made of: every topic of merges and evaluations but the chunks, which their results tell of. */
    static final List<String> TOPICS = List.of(
            Topics.MERGE_REQUESTS.name(), Topics.MERGES.name(), Topics.CHUNK_RESULTS.name(), Topics.ARTIFACTS.name(),
            Topics.EVALUATION_TASKS.name(), Topics.EVALUATION_RESULTS.name(), Topics.SCORES.name(),
            Topics.DEAD_LETTERS.name());

    private static final Logger LOG = Logger.getLogger(LineConsumer.class);
    private static final String GROUP = "recipe-service";
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(8);
    /** A dead replica's partitions wait no longer than this for another one. */
    private static final int SESSION_MILLISECONDS = 10_000;
    /** Topics may be made after this consumer has started. */
    private static final int TOPICS_AGE_MILLISECONDS = 5_000;

    private final Database database;
    private final ProjectionSchema schema;
    private final Positions positions;
    private final Projector projector;
    private final Broker broker;
    private final MeterRegistry metrics;
    private final Thread thread = Thread.ofPlatform().name("line").daemon().unstarted(this::run);
    private volatile boolean running = true;
    /** Of the positions that were read last. */
    private long generation;

    /** Takes where records go and how they get there. */
    public LineConsumer(
            Database database, ProjectionSchema schema, Positions positions, Projector projector, Broker broker,
            MeterRegistry metrics) {
        this.database = database;
        this.schema = schema;
        this.positions = positions;
        this.projector = projector;
        this.broker = broker;
        this.metrics = metrics;
    }

    private record Rejected(ConsumerRecord<String, byte[]> record, ErrorCode code, String reason) {
    }

    /** The projection was emptied after the positions of these records had been read. */
    private static final class Rebuilt extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    void start(@Observes StartupEvent event) {
        thread.start();
    }

    void stop(@Observes ShutdownEvent event) throws InterruptedException {
        running = false;
        thread.interrupt();
        thread.join(STOP_LIMIT);
    }

    private void run() {
        Duration pause = FIRST_PAUSE;
        while (running) {
            try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                            settings(), new StringDeserializer(), new ByteArrayDeserializer());
                    KafkaClientMetrics measured = new KafkaClientMetrics(consumer)) {
                measured.bindTo(metrics);
                consumer.subscribe(TOPICS, new Assignments(consumer));
                while (running) {
                    read(consumer);
                    pause = FIRST_PAUSE;
                }
            } catch (InterruptException | InterruptedException end) {
                return;
            } catch (RuntimeException failure) {
                if (!running) {
                    return;
                }
                // Whatever it was, a projection that stands still would be worse: it is read on from its positions.
                LOG.errorf(failure, "reading the line failed and begins again");
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException end) {
                    return;
                }
                pause = longer(pause);
            }
        }
    }

    private void read(KafkaConsumer<String, byte[]> consumer) throws InterruptedException {
        ConsumerRecords<String, byte[]> records = consumer.poll(POLL);
        boolean current = records.isEmpty() ? isCurrent() : consume(records);
        if (!current) {
            LOG.info("the projection was emptied: reading begins at its positions again");
            generation = positions.seek(consumer, consumer.assignment());
        }
    }

    /** Whether the projection is the one whose positions were read; without an answer it is taken to be. */
    private boolean isCurrent() {
        try {
            schema.ensure();
            return database.read(schema::generation) == generation;
        } catch (AmalgamException unknown) {
            return true;
        }
    }

    /**
     * Applies what one poll gave; returns when it is in the database.
     *
     * @return false if the projection was emptied meanwhile: then nothing was applied
     */
    private boolean consume(ConsumerRecords<String, byte[]> records) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                schema.ensure();
                for (Rejected rejected : database.transaction(connection -> apply(connection, records))) {
                    LOG.warnf("gave up %s: %s", place(rejected.record()), rejected.reason());
                }
                return true;
            } catch (Rebuilt emptied) {
                return false;
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    throw failure;
                }
                LOG.warnf("the projection waits: %s", failure.getMessage());
            }
            Thread.sleep(pause);
            pause = longer(pause);
        }
    }

    private static Duration longer(Duration pause) {
        Duration twice = pause.multipliedBy(2);
        return twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
    }

    /** What is committed to Kafka only shows the lag: the positions that count lie in the projection. */
    private Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>(broker.connection());
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, true);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_MILLISECONDS);
        settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, SESSION_MILLISECONDS / 4);
        settings.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, TOPICS_AGE_MILLISECONDS);
        return settings;
    }

    /** Goes to the stored positions of what is assigned. */
    private final class Assignments implements ConsumerRebalanceListener {
        private final KafkaConsumer<String, byte[]> consumer;

        Assignments(KafkaConsumer<String, byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            // All that is assigned, also what was before: one generation holds for all of it.
            generation = positions.seek(consumer, consumer.assignment());
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            // Between two polls nothing is in hand.
        }
    }

    private List<Rejected> apply(Connection connection, ConsumerRecords<String, byte[]> records) throws SQLException {
        if (schema.lockGeneration(connection) != generation) {
            throw new Rebuilt();
        }
        List<Rejected> rejected = new ArrayList<>();
        for (TopicPartition partition : records.partitions()) {
            long next = 0;
            for (ConsumerRecord<String, byte[]> record : records.records(partition)) {
                next = record.offset() + 1;
                // A compacted topic's tombstone says nothing.
                if (record.value() != null) {
                    apply(connection, record, rejected);
                }
            }
            positions.moveTo(connection, partition, next);
        }
        // Before the commit: once the positions are behind a record, nobody reads it again.
        for (Rejected record : rejected) {
            // What cannot be read from the dead letters themselves must not become another one.
            if (!record.record().topic().equals(Topics.DEAD_LETTERS.name())) {
                broker.publish(
                        EventCodec.deadLetter(record.record(), record.code().name(), record.reason(),
                                broker.source(), Instant.now()),
                        TraceContext.of(EventCodec.text(record.record().headers(), TraceContext.HEADER)));
            }
        }
        return rejected;
    }

    private void apply(Connection connection, ConsumerRecord<String, byte[]> record, List<Rejected> rejected)
            throws SQLException {
        switch (EventCodec.decode(record)) {
            case EventCodec.Unreadable unreadable ->
                rejected.add(new Rejected(record, ErrorCode.EVENT_INVALID, unreadable.reason()));
            case EventCodec.Received received -> {
                // One bad record must not take the others of its transaction with it.
                Savepoint before = connection.setSavepoint();
                try {
                    projector.apply(connection, eventId(received.id()), received.event());
                    connection.releaseSavepoint(before);
                } catch (AmalgamException failure) {
                    connection.rollback(before);
                    rejected.add(new Rejected(record, failure.code(), failure.getMessage()));
                } catch (SQLException failure) {
                    AmalgamException meaning = Database.failure(failure);
                    if (meaning.code().transientFailure()) {
                        throw failure;
                    }
                    connection.rollback(before);
                    rejected.add(new Rejected(record, ErrorCode.EVENT_INVALID, meaning.getMessage()));
                }
            }
        }
    }

    private static UUID eventId(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException exception) {
            // CloudEvents allows any text as an id; ours are UUIDs, those of others are mapped to one.
            return UUID.nameUUIDFromBytes(id.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String place(ConsumerRecord<?, ?> record) {
        return record.topic() + "-" + record.partition() + "@" + record.offset();
    }
}
