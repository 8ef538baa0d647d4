package io.amalgam.recipeservice.messaging;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.EventCodec;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.projection.Projector;
import io.smallrye.common.annotation.Identifier;
import io.smallrye.reactive.messaging.annotations.Blocking;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.eclipse.microprofile.reactive.messaging.Incoming;
import org.jboss.logging.Logger;

/**
 * Reads every topic of the line into the projection.
 *
 * <p>What one poll gave is applied in one transaction together with the positions behind it, so that a crash loses and
 * repeats nothing. An outage of the database or of Kafka is waited out, however long; only a record that cannot be read
 * or applied is given up, to the dead letters, and the line goes on.
 */
@ApplicationScoped
public class LineConsumer {

    private static final Logger LOG = Logger.getLogger(LineConsumer.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final Database database;
    private final ProjectionSchema schema;
    private final Positions positions;
    private final Projector projector;
    private final Broker broker;

    /** Takes where records go and how they get there. */
    public LineConsumer(
            Database database, ProjectionSchema schema, @Identifier("projection") Positions positions,
            Projector projector, Broker broker) {
        this.database = database;
        this.schema = schema;
        this.positions = positions;
        this.projector = projector;
        this.broker = broker;
    }

    private record Rejected(ConsumerRecord<String, byte[]> record, ErrorCode code, String reason) {
    }

    /** Applies what one poll gave; returns when it is in the database. */
    @Incoming("line")
    @Blocking
    public void consume(ConsumerRecords<String, byte[]> records) throws InterruptedException {
        Duration pause = FIRST_PAUSE;
        while (true) {
            try {
                schema.ensure();
                for (Rejected rejected : database.transaction(connection -> apply(connection, records))) {
                    LOG.warnf("gave up %s: %s", place(rejected.record()), rejected.reason());
                }
                return;
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    throw failure;
                }
                LOG.warnf("the projection waits: %s", failure.getMessage());
            }
            Thread.sleep(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private List<Rejected> apply(Connection connection, ConsumerRecords<String, byte[]> records) throws SQLException {
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
