package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What the projection knows about merges. */
@ApplicationScoped
public class MergeQueries {

    private static final String MERGE = """
            select m.*, e.id as evaluation_id, e.state as evaluation_state, e.error_code as evaluation_code,
                e.error_message as evaluation_message,
                coalesce((select sum(questions) from projection.evaluation_slice s where s.evaluation = e.id), 0)
                    as questions_done,
                coalesce((select sum(total) from (select max(total) as total from projection.evaluation_slice s
                    where s.evaluation = e.id group by model_identity, task) as totals), 0) as questions
            from projection.merge m
            left join lateral (select * from projection.evaluation v where (v.id = m.artifact or v.artifact = m.artifact)
                and m.state = 'completed' order by v.started_at desc, v.id limit 1) e on true
            """;

    private final Database database;
    private final ObjectMapper mapper;

    /** Takes the database and what reads stored events. */
    public MergeQueries(Database database, ObjectMapper mapper) {
        this.database = database;
        this.mapper = mapper;
    }

    /** Finds a merge. */
    public Optional<MergeView> find(UUID id) {
        return database.read(connection -> find(connection, id));
    }

    /** Finds a merge in the caller's transaction. */
    public Optional<MergeView> find(Connection connection, UUID id) throws SQLException {
        return Sql.first(connection, MERGE + "where m.id = ? and m.artifact is not null", MergeQueries::merge, id);
    }

    /**
     * Lists merges, the newest first.
     *
     * @param state only those in this state, or null
     * @param before only those that were requested before this time, or null
     * @param limit the most that are returned
     */
    public List<MergeView> list(String state, Instant before, int limit) {
        StringBuilder sql = new StringBuilder(MERGE).append("where m.artifact is not null");
        List<Object> parameters = new ArrayList<>();
        if (state != null) {
            sql.append(" and m.state = ?");
            parameters.add(state);
        }
        if (before != null) {
            sql.append(" and m.requested_at < ?");
            parameters.add(before);
        }
        sql.append(" order by m.requested_at desc, m.id limit ?");
        parameters.add(limit);
        return database.read(
                connection -> Sql.list(connection, sql.toString(), MergeQueries::merge, parameters.toArray()));
    }

    /** Returns the newest merge of an artifact key, in the caller's transaction. */
    public Optional<MergeView> newestOf(Connection connection, String artifact) throws SQLException {
        return Sql.first(connection, MERGE + "where m.artifact = ? order by m.attempt desc limit 1",
                MergeQueries::merge, artifact);
    }

    /** Returns the events of a merge after a number, in order, at most {@code limit}. */
    public List<MergeEventView> eventsAfter(UUID merge, int number, int limit) {
        return database.read(connection -> Sql.list(connection, """
                select number, type, at, data from projection.merge_event where merge = ? and number > ?
                order by number limit ?""", this::event, merge, number, limit));
    }

    /** Returns the newest events of a merge, in order, at most {@code limit}. */
    public List<MergeEventView> newestEvents(UUID merge, int limit) {
        return database.read(connection -> Sql.list(connection, """
                select number, type, at, data from projection.merge_event where merge = ? order by number desc
                limit ?""", this::event, merge, limit)).reversed();
    }

    /** Returns the chunks of a merge that were heard of, by index. */
    public List<ChunkView> chunks(UUID merge) {
        return database.read(connection -> Sql.list(connection,
                "select * from projection.chunk where merge = ? order by index",
                row -> new ChunkView(row.getInt("index"), row.getString("state"), row.getInt("attempts"),
                        row.getString("worker"), row.getString("sha256"), row.getLong("length"),
                        row.getLong("bytes_read"), row.getLong("milliseconds"), row.getBoolean("reused"),
                        failure(row.getString("error_code"), row.getString("error_message")),
                        Sql.instant(row, "at")),
                merge));
    }

    private MergeEventView event(ResultSet row) throws SQLException {
        JsonNode data;
        try {
            data = mapper.readTree(row.getString("data"));
        } catch (JsonProcessingException exception) {
            throw new IllegalStateException("a stored event is not JSON", exception);
        }
        return new MergeEventView(row.getInt("number"), row.getString("type"), Sql.instant(row, "at"), data);
    }

    private static MergeView merge(ResultSet row) throws SQLException {
        Instant cancellationAt = Sql.instant(row, "cancellation_at");
        String evaluation = row.getString("evaluation_id");
        int chunks = row.getInt("chunks");
        // Two reports of the same thing: the coordinator's count, and the results themselves, which come sooner.
        int done = Math.max(row.getInt("chunks_done"), row.getInt("chunks_seen"));
        return new MergeView(
                row.getObject("id", UUID.class),
                row.getString("artifact"),
                row.getInt("attempt"),
                row.getString("name"),
                row.getString("method"),
                row.getString("state"),
                Sql.texts(row, "benchmarks"),
                Sql.instant(row, "requested_at"),
                Sql.instant(row, "planned_at"),
                Sql.instant(row, "finished_at"),
                chunks,
                chunks > 0 ? Math.min(done, chunks) : done,
                row.getInt("chunks_retried"),
                row.getLong("bytes_to_read"),
                row.getLong("bytes_to_write"),
                row.getLong("bytes_read"),
                row.getLong("bytes_written"),
                cancellationAt == null ? null : new MergeView.Cancellation(
                        row.getString("cancellation_by"), row.getString("cancellation_reason"), cancellationAt),
                failure(row.getString("error_code"), row.getString("error_message")),
                evaluation == null ? null : new MergeView.EvaluationView(evaluation,
                        row.getString("evaluation_state"), row.getLong("questions_done"), row.getLong("questions"),
                        failure(row.getString("evaluation_code"), row.getString("evaluation_message"))),
                row.getInt("last_event"));
    }

    private static MergeView.Failure failure(String code, String message) {
        return code == null ? null : new MergeView.Failure(code, message);
    }
}
