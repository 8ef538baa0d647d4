package io.amalgam.recipeservice.deadletter;

import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What is known about dead letters: the letters from the topic, what became of them from people's decisions. */
@ApplicationScoped
public class DeadLetterQueries {

    private static final String LETTER = """
            select l.*, d.decided_by, d.decided_at,
                case d.state when 'replayed' then 'replayed' when 'dropped' then 'dropped' else 'open' end as state
            from projection.dead_letter l left join owned.dead_letter_decision d on d.letter = l.id
            where (cast(? as text) is null
                or exists (select 1 from projection.merge m where m.id::text = l.merge and m.tenant = ?))
            """;

    private final Database database;
    private final ProjectionSchema schema;

    /** Takes the database. */
    public DeadLetterQueries(Database database, ProjectionSchema schema) {
        this.database = database;
        this.schema = schema;
    }

    /**
     * Finds a letter that the caller may see: of a merge that its tenant has started. What belongs to no merge that is
     * known, administrators see.
     */
    public Optional<DeadLetterView> find(Caller caller, UUID id) {
        schema.ensure();
        return database.read(
                connection -> Sql.first(connection, LETTER + "and l.id = ?", DeadLetterQueries::letter, caller.scope(),
                        caller.scope(), id));
    }

    /**
     * Lists the letters that the caller may see, the newest first.
     *
     * @param state only those in this state ({@code open}, {@code replayed}, {@code dropped}), or null
     * @param merge only those of this merge, or null
     * @param before only those that were given up before this time, or null
     * @param limit the most that are returned
     */
    public List<DeadLetterView> list(Caller caller, String state, String merge, Instant before, int limit) {
        schema.ensure();
        StringBuilder sql = new StringBuilder("select * from (").append(LETTER).append(") letters where true");
        List<Object> parameters = new ArrayList<>(Arrays.asList(caller.scope(), caller.scope()));
        if (state != null) {
            sql.append(" and state = ?");
            parameters.add(state);
        }
        if (merge != null) {
            sql.append(" and merge = ?");
            parameters.add(merge);
        }
        if (before != null) {
            sql.append(" and at < ?");
            parameters.add(before);
        }
        sql.append(" order by at desc, id limit ?");
        parameters.add(limit);
        return database.read(connection ->
                Sql.list(connection, sql.toString(), DeadLetterQueries::letter, parameters.toArray()));
    }

    private static DeadLetterView letter(ResultSet row) throws SQLException {
        return new DeadLetterView(
                row.getObject("id", UUID.class),
                row.getString("state"),
                row.getString("topic"),
                row.getInt("partition"),
                row.getLong("record_offset"),
                row.getString("record_key"),
                row.getString("type"),
                row.getString("code"),
                row.getString("reason"),
                row.getString("merge"),
                row.getString("value"),
                row.getString("trace"),
                row.getString("reported_by"),
                Sql.instant(row, "at"),
                row.getString("decided_by"),
                Sql.instant(row, "decided_at"));
    }
}
