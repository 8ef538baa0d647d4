package io.amalgam.recipeservice.projection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Event;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What events change in merges, their chunks and the stream of each merge's numbered events.
 *
 * <p>Topics are read independently, so that any event of a merge may be the first that is seen of it: a row is made
 * when it is needed and completed when the request or the plan arrives. The first terminal event wins.
 */
@ApplicationScoped
public class MergeProjection {

    /** The channel of NOTIFY on which watchers are woken; its payload is the merge's id. */
    public static final String CHANNEL = "amalgam_merge";

    private final ObjectMapper mapper;

    /** Takes what writes events as JSON. */
    public MergeProjection(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** A merge was accepted. */
    void requested(Connection connection, Event.MergeRequested event) throws SQLException {
        UUID merge = merge(event.merge());
        // A request that reached the topic by another way than this service's REST must count as an attempt, too.
        Sql.update(connection, """
                insert into owned.merge_attempt (merge, artifact, attempt, name, tenant, accepted_at)
                values (?, ?, ?, ?, ?, ?) on conflict do nothing""",
                merge, event.artifact(), event.attempt(), text(event.name()), text(event.tenant()),
                instant(event.requestedAt()));
        describe(connection, merge, event);
        append(connection, merge, "requested", event.requestedAt(), event);
    }

    /** A merge was planned; the plan carries the request, so that this event alone suffices. */
    void planned(Connection connection, Event.MergePlanned event) throws SQLException {
        UUID merge = merge(event.request().merge());
        describe(connection, merge, event.request());
        Sql.update(connection, """
                update projection.merge set plan = ?, chunks = ?, bytes_to_read = ?, bytes_to_write = ?, planned_at = ?,
                    state = case when state = 'requested' then 'running' else state end
                where id = ?""",
                event.plan(), event.chunks(), event.bytesToRead(), event.bytesToWrite(), instant(event.at()), merge);
        append(connection, merge, "planned", event.at(), event);
    }

    /** A merge moved on. Progress never goes back, whatever the order in which it is told. */
    void progressed(Connection connection, Event.MergeProgressed event) throws SQLException {
        UUID merge = merge(event.merge());
        make(connection, merge);
        int changed = Sql.update(connection, """
                update projection.merge set chunks = greatest(chunks, ?), chunks_done = greatest(chunks_done, ?),
                    chunks_retried = greatest(chunks_retried, ?), bytes_read = greatest(bytes_read, ?),
                    bytes_written = greatest(bytes_written, ?),
                    state = case when state = 'requested' then 'running' else state end
                where id = ? and state in ('requested', 'running')""",
                event.chunks(), event.chunksDone(), event.chunksRetried(), event.bytesRead(), event.bytesWritten(),
                merge);
        if (changed > 0) {
            append(connection, merge, "progress", event.at(), event);
        } else {
            // The log is compacted: after a rebuild the newest progress may be read behind the terminal event.
            Sql.update(connection, """
                    update projection.merge set chunks = greatest(chunks, ?), chunks_done = greatest(chunks_done, ?),
                        chunks_retried = greatest(chunks_retried, ?), bytes_read = greatest(bytes_read, ?),
                        bytes_written = greatest(bytes_written, ?)
                    where id = ?""",
                    event.chunks(), event.chunksDone(), event.chunksRetried(), event.bytesRead(),
                    event.bytesWritten(), merge);
        }
    }

    /** Somebody asked that a merge end. */
    void cancellationRequested(Connection connection, Event.MergeCancellationRequested event) throws SQLException {
        UUID merge = merge(event.merge());
        make(connection, merge);
        int changed = Sql.update(connection, """
                update projection.merge set cancellation_at = ?, cancellation_by = ?, cancellation_reason = ?
                where id = ? and cancellation_at is null""",
                instant(event.requestedAt()), event.by(), event.reason(), merge);
        if (changed > 0) {
            append(connection, merge, "cancellation-requested", event.requestedAt(), event);
        }
    }

    /** Terminal: the artifact is visible. */
    void completed(Connection connection, Event.MergeCompleted event) throws SQLException {
        UUID merge = merge(event.merge());
        if (finish(connection, merge, event.artifact(), "completed", null, null, event.at())) {
            Sql.update(connection,
                    "update projection.merge set chunks_done = greatest(chunks_done, chunks) where id = ?", merge);
            append(connection, merge, "completed", event.at(), event);
        }
    }

    /** Terminal: the merge cannot be completed. */
    void failed(Connection connection, Event.MergeFailed event) throws SQLException {
        UUID merge = merge(event.merge());
        if (finish(connection, merge, event.artifact(), "failed", event.code(), event.message(), event.at())) {
            append(connection, merge, "failed", event.at(), event);
        }
    }

    /** Terminal: the merge was cancelled. */
    void cancelled(Connection connection, Event.MergeCancelled event) throws SQLException {
        UUID merge = merge(event.merge());
        if (finish(connection, merge, event.artifact(), "cancelled", ErrorCode.CANCELLED.name(), event.reason(),
                event.at())) {
            append(connection, merge, "cancelled", event.at(), event);
        }
    }

    /** A shard and its receipt exist. */
    void chunkCompleted(Connection connection, Event.ChunkCompleted event) throws SQLException {
        UUID merge = merge(event.merge());
        make(connection, merge);
        int changed = Sql.update(connection, """
                insert into projection.chunk
                    (merge, index, state, worker, sha256, length, bytes_read, milliseconds, reused, at)
                values (?, ?, 'completed', ?, ?, ?, ?, ?, ?, ?)
                on conflict (merge, index) do update set state = 'completed', worker = excluded.worker,
                    sha256 = excluded.sha256, length = excluded.length, bytes_read = excluded.bytes_read,
                    milliseconds = excluded.milliseconds, reused = excluded.reused, at = excluded.at,
                    error_code = null, error_message = null
                where projection.chunk.state <> 'completed'""",
                merge, event.index(), event.worker(), event.sha256(), event.length(), event.bytesRead(),
                event.milliseconds(), event.reused(), instant(event.at()));
        if (changed > 0) {
            Sql.update(connection, """
                    update projection.merge set chunks_seen = chunks_seen + 1, chunks = greatest(chunks, ?)
                    where id = ?""", event.count(), merge);
            append(connection, merge, "chunk", event.at(), event);
        }
    }

    /** A chunk failed; it may be tried again. */
    void chunkFailed(Connection connection, Event.ChunkFailed event) throws SQLException {
        UUID merge = merge(event.merge());
        make(connection, merge);
        int changed = Sql.update(connection, """
                insert into projection.chunk (merge, index, state, attempts, worker, error_code, error_message, at)
                values (?, ?, 'failed', ?, ?, ?, ?, ?)
                on conflict (merge, index) do update set attempts = excluded.attempts, worker = excluded.worker,
                    error_code = excluded.error_code, error_message = excluded.error_message, at = excluded.at
                where projection.chunk.state = 'failed' and projection.chunk.attempts <= excluded.attempts""",
                merge, event.index(), event.attempt(), event.worker(), event.code(), event.message(),
                instant(event.at()));
        if (changed > 0) {
            append(connection, merge, "chunk-failed", event.at(), event);
        }
    }

    /** Tells the watchers of the merge that made an artifact about something that concerns the artifact. */
    void appendForArtifact(Connection connection, String artifact, String type, Instant at, Object event)
            throws SQLException {
        Optional<UUID> merge = Sql.first(connection, "select merge from projection.artifact where id = ?",
                row -> row.getObject("merge", UUID.class), artifact);
        if (merge.isPresent()) {
            make(connection, merge.get());
            append(connection, merge.get(), type, at, event);
        }
    }

    /** Numbers an event under the merge's row lock and wakes the watchers when the transaction commits. */
    void append(Connection connection, UUID merge, String type, Instant at, Object event) throws SQLException {
        int number = Sql.first(connection,
                        "update projection.merge set last_event = last_event + 1 where id = ? returning last_event",
                        row -> row.getInt("last_event"), merge)
                .orElseThrow(() -> new IllegalStateException("merge " + merge + " has no row"));
        Sql.update(connection, """
                insert into projection.merge_event (merge, number, type, at, data) values (?, ?, ?, ?, ?::jsonb)""",
                merge, number, type, instant(at), json(event));
        Sql.execute(connection, "select pg_notify(?, ?)", CHANNEL, merge.toString());
    }

    /** Makes the row of a merge that was not heard of before. */
    void make(Connection connection, UUID merge) throws SQLException {
        Sql.update(connection, "insert into projection.merge (id) values (?) on conflict do nothing", merge);
    }

    /** Reads a merge's id. */
    static UUID merge(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException | NullPointerException exception) {
            throw new AmalgamException(ErrorCode.EVENT_INVALID,
                    "merge is \"" + text + "\", expected the UUID of a merge", exception);
        }
    }

    /** An event without a time happened when it is read. */
    static Instant instant(Instant at) {
        return at == null ? Instant.now() : at;
    }

    private void describe(Connection connection, UUID merge, Event.MergeRequested event) throws SQLException {
        make(connection, merge);
        Sql.update(connection, """
                update projection.merge set artifact = ?, attempt = ?, name = ?, method = ?, pinned = ?, tenant = ?,
                    benchmarks = ?, requested_at = coalesce(requested_at, ?)
                where id = ?""",
                event.artifact(), event.attempt(), text(event.name()), event.method(), event.pinned(),
                text(event.tenant()), event.benchmarks() == null ? List.of() : event.benchmarks(),
                instant(event.requestedAt()), merge);
        if (!text(event.tenant()).isEmpty()) {
            Sql.update(connection, """
                    insert into owned.artifact_grant (tenant, artifact, name, granted_at) values (?, ?, ?, ?)
                    on conflict do nothing""",
                    event.tenant(), event.artifact(), text(event.name()), instant(event.requestedAt()));
        }
    }

    private boolean finish(
            Connection connection, UUID merge, String artifact, String state, String code, String message, Instant at)
            throws SQLException {
        make(connection, merge);
        return Sql.update(connection, """
                update projection.merge set state = ?, artifact = coalesce(artifact, ?), error_code = ?,
                    error_message = ?, finished_at = ?
                where id = ? and state in ('requested', 'running')""",
                state, artifact, code, message, instant(at), merge) > 0;
    }

    private String json(Object event) {
        try {
            return mapper.writeValueAsString(event);
        } catch (JsonProcessingException exception) {
            throw new AmalgamException(ErrorCode.EVENT_INVALID,
                    "an event of type " + event.getClass().getSimpleName() + " cannot be written as JSON", exception);
        }
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }
}
