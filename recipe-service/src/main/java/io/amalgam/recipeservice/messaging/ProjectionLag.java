package io.amalgam.recipeservice.messaging;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** How far the projection is behind the topics. */
@ApplicationScoped
public class ProjectionLag {

    private static final int ANSWER_SECONDS = 10;

    private final Database database;
    private final ProjectionSchema schema;
    private final Broker broker;

    /** Takes where positions lie, and who knows the ends. */
    public ProjectionLag(Database database, ProjectionSchema schema, Broker broker) {
        this.database = database;
        this.schema = schema;
        this.broker = broker;
    }

    /**
     * Where the projection stands.
     *
     * @param generation how often it has been begun anew, from 1
     * @param behind offsets that have not been read; where a topic was compacted, some of them have no record
     */
    public record ProjectionState(long generation, long behind) {
    }

    /**
     * Looks where the projection stands.
     *
     * @throws AmalgamException with {@code BROKER_UNAVAILABLE} or {@code DATABASE_UNAVAILABLE}
     */
    public ProjectionState state() {
        schema.ensure();
        Map<TopicPartition, Long> ends = ends();
        return database.read(connection -> {
            Map<TopicPartition, Long> positions = new HashMap<>();
            Sql.list(connection, "select topic, partition, next_offset from projection.position",
                    row -> positions.put(new TopicPartition(row.getString("topic"), row.getInt("partition")),
                            row.getLong("next_offset")));
            long behind = 0;
            for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
                behind += Math.max(0, end.getValue() - positions.getOrDefault(end.getKey(), 0L));
            }
            return new ProjectionState(schema.generation(connection), behind);
        });
    }

    private Map<TopicPartition, Long> ends() {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (Topics.Topic topic : Topics.ALL) {
            if (LineConsumer.TOPICS.contains(topic.name())) {
                for (int partition = 0; partition < topic.partitions(); partition++) {
                    asked.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
                }
            }
        }
        Map<TopicPartition, Long> ends = new HashMap<>();
        try (Admin admin = Admin.create(broker.connection())) {
            admin.listOffsets(asked).all().get(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .forEach((partition, end) -> ends.put(partition, end.offset()));
            return ends;
        } catch (ExecutionException | TimeoutException | KafkaException failure) {
            throw new AmalgamException(ErrorCode.BROKER_UNAVAILABLE,
                    "Kafka did not say within " + ANSWER_SECONDS + " s where its topics end; ask again later", failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(
                    ErrorCode.BROKER_UNAVAILABLE, "the service is stopping; ask again later", interrupted);
        }
    }
}
