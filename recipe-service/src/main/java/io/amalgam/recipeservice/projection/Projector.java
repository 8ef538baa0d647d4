package io.amalgam.recipeservice.projection;

import io.amalgam.events.Event;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.UUID;

/** Applies events to the projection, each once. */
@ApplicationScoped
public class Projector {

    private final MergeProjection merges;
    private final ScoreProjection scores;

    /** Takes the parts of the projection. */
    public Projector(MergeProjection merges, ScoreProjection scores) {
        this.merges = merges;
        this.scores = scores;
    }

    /**
     * Applies an event in the caller's transaction.
     *
     * @param id the event's identity: one that was applied before changes nothing
     * @return whether it was applied now
     * @throws io.amalgam.engine.error.AmalgamException with {@code EVENT_INVALID} if it cannot be meant
     */
    public boolean apply(Connection connection, UUID id, Event event) throws SQLException {
        if (Sql.update(connection, "insert into projection.inbox (event) values (?) on conflict do nothing", id) == 0) {
            return false;
        }
        switch (event) {
            case Event.MergeRequested requested -> merges.requested(connection, requested);
            case Event.MergeCancellationRequested requested -> merges.cancellationRequested(connection, requested);
            case Event.MergePlanned planned -> merges.planned(connection, planned);
            case Event.MergeProgressed progressed -> merges.progressed(connection, progressed);
            case Event.MergeCompleted completed -> merges.completed(connection, completed);
            case Event.MergeFailed failed -> merges.failed(connection, failed);
            case Event.MergeCancelled cancelled -> merges.cancelled(connection, cancelled);
            case Event.ChunkCompleted completed -> merges.chunkCompleted(connection, completed);
            case Event.ChunkFailed failed -> merges.chunkFailed(connection, failed);
            case Event.ArtifactCompleted completed -> scores.artifactCompleted(connection, completed);
            case Event.ArtifactDeleted deleted -> scores.artifactDeleted(connection, deleted);
            case Event.EvaluationTaskRequested requested -> scores.taskRequested(connection, requested);
            case Event.EvaluationTaskCompleted completed -> scores.taskCompleted(connection, completed);
            case Event.ScoreRecorded recorded -> scores.scored(connection, recorded);
            case Event.ScoreCompared compared -> scores.compared(connection, compared);
            case Event.EvaluationCompleted completed -> scores.evaluationCompleted(connection, completed);
            case Event.EvaluationFailed failed -> scores.evaluationFailed(connection, failed);
            case Event.EvaluationCancelled cancelled -> scores.evaluationCancelled(connection, cancelled);
            case Event.DeadLetter letter -> deadLetter(connection, id, letter);
            // Between workers and their coordinator; what follows from them is told by other events.
            case Event.ChunkRequested requested -> { }
            case Event.AssemblyRequested requested -> { }
            case Event.AssemblyCompleted completed -> { }
            case Event.AssemblyFailed failed -> { }
            case Event.EvaluationTaskFailed failed -> { }
            case Event.EvaluationCancellationRequested requested -> { }
        }
        return true;
    }

    private static void deadLetter(Connection connection, UUID id, Event.DeadLetter letter) throws SQLException {
        Sql.update(connection, """
                insert into projection.dead_letter (id, topic, partition, record_offset, record_key, type, code, reason,
                    merge, value, reported_by, at, trace)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing""",
                id, letter.topic(), letter.partition(), letter.offset(), letter.key(), letter.type(), letter.code(),
                letter.reason(), letter.merge(), letter.value(), letter.by(), MergeProjection.instant(letter.at()),
                letter.trace());
    }
}
