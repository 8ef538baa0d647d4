package io.amalgam.recipeservice.messaging;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/**
 * Where each partition is read on. The positions lie in the projection, and not in Kafka, so that they change in the
 * same transaction as what was read, and vanish together with it: an empty projection is read from the beginning.
 */
@ApplicationScoped
public class Positions {

    private static final Logger LOG = Logger.getLogger(Positions.class);
    private static final long PAUSE_MILLISECONDS = 1_000;

    private final Database database;
    private final ProjectionSchema schema;

    /** Takes the database. */
    public Positions(Database database, ProjectionSchema schema) {
        this.database = database;
        this.schema = schema;
    }

    private record Stored(long generation, Map<TopicPartition, Long> positions) {
    }

    /**
     * Goes to the stored position of each partition, or to its beginning where there is none.
     *
     * @return the generation of the projection that the positions are of
     */
    long seek(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
        Stored found = stored(partitions);
        Map<TopicPartition, Long> stored = found.positions();
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        for (TopicPartition partition : partitions) {
            Long position = stored.get(partition);
            // A position behind the end is that of a topic which was deleted and made again.
            if (position == null) {
                consumer.seekToBeginning(List.of(partition));
            } else if (position > ends.getOrDefault(partition, Long.MAX_VALUE)) {
                forget(partition);
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, position);
            }
        }
        return found.generation();
    }

    private void forget(TopicPartition partition) {
        database.read(connection -> Sql.update(connection,
                "delete from projection.position where topic = ? and partition = ?",
                partition.topic(), partition.partition()));
    }

    /**
     * Records, in the caller's transaction, that everything before an offset has been applied. Never goes back: a replica
     * that has just lost the partition may come late with what another one has applied already.
     */
    void moveTo(Connection connection, TopicPartition partition, long next) throws SQLException {
        Sql.update(connection, """
                insert into projection.position (topic, partition, next_offset) values (?, ?, ?)
                on conflict (topic, partition) do update set
                    next_offset = greatest(projection.position.next_offset, excluded.next_offset)""",
                partition.topic(), partition.partition(), next);
    }

    /** Reads the positions, however long the database needs: to guess would be to skip or repeat. */
    private Stored stored(Collection<TopicPartition> partitions) {
        while (true) {
            try {
                schema.ensure();
                return database.transaction(connection -> {
                    long generation = schema.lockGeneration(connection);
                    Map<TopicPartition, Long> positions = new HashMap<>();
                    for (TopicPartition partition : partitions) {
                        Optional<Long> next = Sql.first(connection,
                                "select next_offset from projection.position where topic = ? and partition = ?",
                                row -> row.getLong("next_offset"), partition.topic(), partition.partition());
                        next.ifPresent(offset -> positions.put(partition, offset));
                    }
                    return new Stored(generation, positions);
                });
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    throw failure;
                }
                LOG.warnf("reading waits for its positions: %s", failure.getMessage());
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("stopped while waiting for the database", interrupted);
        }
    }
}
