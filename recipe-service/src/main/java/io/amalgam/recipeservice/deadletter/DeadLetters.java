package io.amalgam.recipeservice.deadletter;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Topics;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Decides on dead letters: a letter is replayed once or dropped, whoever asks how often on whichever replica.
 *
 * <p>Replaying takes two steps. First it is written down, with the end of the partition at that moment; then, under the
 * lock of that row, the record is published again with the letter's id as a mark, and the row completed. Whoever finds
 * the first step without the second looks for the mark before publishing, so that a crash between them repeats nothing.
 */
@ApplicationScoped
public class DeadLetters {

    private static final String REPLAYING = "replaying";
    private static final String REPLAYED = "replayed";
    private static final String DROPPED = "dropped";

    private final Database database;
    private final DeadLetterQueries letters;
    private final MergeQueries merges;
    private final TopicRecords records;
    private final Broker broker;

    /** Takes where letters are and where records go. */
    public DeadLetters(
            Database database, DeadLetterQueries letters, MergeQueries merges, TopicRecords records, Broker broker) {
        this.database = database;
        this.letters = letters;
        this.merges = merges;
        this.records = records;
        this.broker = broker;
    }

    private record Decision(String state, long searchFrom) {
    }

    /**
     * Finds a letter that the caller may see.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public DeadLetterView find(Caller caller, UUID id) {
        return letters.find(caller, id).orElseThrow(
                () -> new AmalgamException(ErrorCode.NOT_FOUND, "there is no dead letter " + id));
    }

    /**
     * Publishes a letter's record once more where it was. Asking again changes nothing.
     *
     * @param by who asks
     * @throws AmalgamException with {@code NOT_FOUND} if letter or record are no longer there, {@code CONFLICT} if it was
     *     dropped or its merge has ended, {@code BROKER_UNAVAILABLE} if Kafka did not answer: then ask again
     */
    public DeadLetterView replay(UUID id, Caller by) {
        DeadLetterView letter = find(by, id);
        if (letter.state().equals(REPLAYED)) {
            return letter;
        }
        refuseDropped(letter);
        refuseWithoutEffect(letter);
        TopicPartition partition = new TopicPartition(letter.topic(), letter.partition());
        ConsumerRecord<String, byte[]> record = records.at(partition, letter.offset()).orElseThrow(
                () -> new AmalgamException(ErrorCode.NOT_FOUND, "the record " + partition + "@" + letter.offset()
                        + " is no longer in its topic, so it cannot be replayed; submit the recipe again"));
        long end = records.end(partition);
        database.read(connection -> Sql.update(connection, """
                insert into owned.dead_letter_decision (letter, state, decided_by, decided_at, search_from)
                values (?, 'replaying', ?, ?, ?) on conflict do nothing""", id, by.name(), Instant.now(), end));
        database.transaction(connection -> {
            Decision decision = locked(connection, id);
            if (decision.state().equals(REPLAYING)) {
                if (!records.hasReplay(partition, decision.searchFrom(), id.toString())) {
                    broker.replay(record, id);
                }
                decide(connection, id, REPLAYED, by.name());
            }
            return null;
        });
        DeadLetterView decided = find(by, id);
        refuseDropped(decided);
        return decided;
    }

    /**
     * Says that nothing is to be done about a letter. Asking again changes nothing.
     *
     * @param by who asks
     * @throws AmalgamException with {@code NOT_FOUND}, or {@code CONFLICT} if it has been, or is being, replayed
     */
    public DeadLetterView drop(UUID id, Caller by) {
        find(by, id);
        String state = database.transaction(connection -> {
            Sql.update(connection, """
                    insert into owned.dead_letter_decision (letter, state, decided_by, decided_at)
                    values (?, 'dropped', ?, ?) on conflict do nothing""", id, by.name(), Instant.now());
            return locked(connection, id).state();
        });
        if (!state.equals(DROPPED)) {
            throw new AmalgamException(ErrorCode.CONFLICT,
                    "dead letter " + id + " is " + state + "; only one that is open can be dropped");
        }
        return find(by, id);
    }

    private static Decision locked(Connection connection, UUID id) throws SQLException {
        return Sql.first(connection,
                        "select state, search_from from owned.dead_letter_decision where letter = ? for update",
                        row -> new Decision(row.getString("state"), row.getLong("search_from")), id)
                .orElseThrow();
    }

    private static void decide(Connection connection, UUID id, String state, String by) throws SQLException {
        Sql.update(connection,
                "update owned.dead_letter_decision set state = ?, decided_by = ?, decided_at = ? where letter = ?",
                state, by, Instant.now(), id);
    }

    private static void refuseDropped(DeadLetterView letter) {
        if (letter.state().equals(DROPPED)) {
            throw new AmalgamException(ErrorCode.CONFLICT,
                    "dead letter " + letter.id() + " was dropped by " + letter.decidedBy() + "; it cannot be replayed");
        }
    }

    /**
     * A letter names its topic itself: only the line's own are published to, of those not the logs that coordinators
     * write, and nothing for a merge that has ended.
     */
    private void refuseWithoutEffect(DeadLetterView letter) {
        Optional<Topics.Topic> topic = Topics.ALL.stream()
                .filter(known -> known.name().equals(letter.topic()) && known != Topics.DEAD_LETTERS
                        && letter.partition() < known.partitions())
                .findFirst();
        if (topic.isEmpty()) {
            throw new AmalgamException(ErrorCode.CONFLICT, "dead letter " + letter.id() + " names partition "
                    + letter.topic() + "-" + letter.partition() + ", which is none of the line's; drop it");
        }
        if (topic.get().cleanup() == Topics.Cleanup.COMPACT) {
            throw new AmalgamException(ErrorCode.CONFLICT, "dead letter " + letter.id() + " is of " + letter.topic()
                    + ", a log that only coordinators write; amalgam rebuild reads all of it again");
        }
        Optional<MergeView> ended = mergeOf(letter).filter(MergeView::terminal);
        if (ended.isPresent()) {
            throw new AmalgamException(ErrorCode.CONFLICT, "merge " + letter.merge() + " has ended ("
                    + ended.get().state() + "), so that a replay would change nothing; amalgam retry " + letter.merge()
                    + " begins a new attempt");
        }
    }

    private Optional<MergeView> mergeOf(DeadLetterView letter) {
        try {
            return letter.merge() == null ? Optional.empty() : merges.find(Caller.LINE, UUID.fromString(letter.merge()));
        } catch (IllegalArgumentException noMerge) {
            return Optional.empty();
        }
    }
}
