package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What the projection knows about merges. */
@ApplicationScoped
public class MergeQueries {

    private static final String MERGE = """
            select m.*, coalesce(g.name, m.name) as shown_name,
                cast(? as text) is null or m.tenant = ? as own, e.id as evaluation_id, e.state as evaluation_state, e.error_code as evaluation_code,
                e.error_message as evaluation_message,
                coalesce((select sum(questions) from projection.evaluation_slice s where s.evaluation = e.id), 0)
                    as questions_done,
                coalesce((select sum(total) from (select max(total) as total from projection.evaluation_slice s
                    where s.evaluation = e.id group by model_identity, task) as totals), 0) as questions
            from projection.merge m
            left join lateral (select * from projection.evaluation v where (v.id = m.artifact or v.artifact = m.artifact)
                and m.state = 'completed' order by v.started_at desc, v.id limit 1) e on true
            left join owned.artifact_grant g on g.artifact = m.artifact and g.tenant = ?
            where m.artifact is not null and (cast(? as text) is null or g.tenant is not null)
            """;

    /** Members of events in which people's words are. */
    private static final List<String> WORDS =
            List.of("name", "modelName", "parentName", "tenant", "by", "reason", "message");

    private final Database database;
    private final ObjectMapper mapper;

    /** Takes the database and what reads stored events. */
    public MergeQueries(Database database, ObjectMapper mapper) {
        this.database = database;
        this.mapper = mapper;
    }

    /** Finds a merge that the caller may see. */
    public Optional<MergeView> find(Caller caller, UUID id) {
        String scope = caller.scope();
        return database.read(connection -> Sql.first(
                connection, MERGE + "and m.id = ?", MergeQueries::merge, scope, scope, scope, scope, id));
    }

    /**
     * Lists the merges that the caller may see, the newest first.
     *
     * @param state only those in this state, or null
     * @param before only those that were requested before this time, or null
     * @param limit the most that are returned
     */
    public List<MergeView> list(Caller caller, String state, Instant before, int limit) {
        StringBuilder sql = new StringBuilder(MERGE);
        String scope = caller.scope();
        List<Object> parameters = new ArrayList<>(Arrays.asList(scope, scope, scope, scope));
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

    /** Returns the newest merge of an artifact key, whoever ordered it, in the transaction at hand. */
    public Optional<MergeView> newestOf(Connection connection, String artifact) throws SQLException {
        return Sql.first(connection, MERGE + "and m.artifact = ? order by m.attempt desc limit 1",
                MergeQueries::merge, null, null, null, null, artifact);
    }

    /**
     * Returns the events of a merge that the caller has found, after a number, in order, at most {@code limit}. What
     * another tenant wrote into them is left out.
     */
    public List<MergeEventView> eventsAfter(Caller caller, UUID merge, int number, int limit) {
        return database.read(connection -> Sql.list(connection, """
                select number, type, at, data, cast(? as text) is null or m.tenant = ? as own
                from projection.merge_event e join projection.merge m on m.id = e.merge where merge = ? and number > ?
                order by number limit ?""", this::event, caller.scope(), caller.scope(), merge, number, limit));
    }

    /** Returns the newest events of a merge, as {@link #eventsAfter} does. */
    public List<MergeEventView> newestEvents(Caller caller, UUID merge, int limit) {
        return database.read(connection -> Sql.list(connection, """
                select number, type, at, data, cast(? as text) is null or m.tenant = ? as own
                from projection.merge_event e join projection.merge m on m.id = e.merge where merge = ?
                order by number desc limit ?""", this::event, caller.scope(), caller.scope(), merge, limit)).reversed();
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
        if (!row.getBoolean("own")) {
            withoutWords(data);
        }
        return new MergeEventView(row.getInt("number"), row.getString("type"), Sql.instant(row, "at"), data);
    }

    private static void withoutWords(JsonNode data) {
        if (data instanceof ObjectNode object) {
            object.remove(WORDS);
        }
        data.forEach(MergeQueries::withoutWords);
    }

    private static MergeView merge(ResultSet row) throws SQLException {
        boolean own = row.getBoolean("own");
        Instant cancellationAt = Sql.instant(row, "cancellation_at");
        String evaluation = row.getString("evaluation_id");
        int chunks = row.getInt("chunks");
        // Two reports of the same thing: the coordinator's count, and the results themselves, which come sooner.
        int done = Math.max(row.getInt("chunks_done"), row.getInt("chunks_seen"));
        return new MergeView(
                row.getObject("id", UUID.class),
                row.getString("artifact"),
                row.getInt("attempt"),
                row.getString("shown_name"),
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
                        own ? row.getString("cancellation_by") : null,
                        own ? row.getString("cancellation_reason") : null, cancellationAt),
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
