package io.amalgam.recipeservice.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Who changed what. A row is written before the change, in a transaction of its own, and completed with the outcome:
 * what cannot be written down is not done, and a row without an outcome is a change that a crash cut short.
 */
@ApplicationScoped
public class Audit {

    private static final Logger LOG = Logger.getLogger("io.amalgam.audit");

    private final Database database;

    /** Takes the database. */
    public Audit(Database database) {
        this.database = database;
    }

    /**
     * A change, or an attempt at one.
     *
     * @param id rises with time
     * @param at when it began
     * @param actor who
     * @param tenant on whose behalf, or null if the caller was not known
     * @param address of the caller
     * @param action what: method and kind of thing
     * @param subject which thing
     * @param trace in which it happened
     * @param status of HTTP, or null if it runs or was cut short
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Entry(
            long id, Instant at, String actor, String tenant, String address, String action, String subject,
            String trace, Integer status) {
    }

    /**
     * Writes down that a change begins.
     *
     * @return what to complete
     */
    public long begin(Caller caller, String address, String action, String subject, String trace) {
        return database.transaction(connection -> Sql.first(connection, """
                insert into owned.audit (at, actor, tenant, address, action, subject, trace)
                values (?, ?, ?, ?, ?, ?, ?) returning id""",
                row -> row.getLong("id"), now(), caller.name(), caller.tenant(), address, action, subject, trace))
                .orElseThrow();
    }

    /**
     * Writes down how a change ended. The change has been made or refused by then, and its caller is to be told so: where
     * the database is away, the log alone has the outcome.
     */
    public void end(long id, int status) {
        Entry entry;
        try {
            entry = database.transaction(connection -> Sql.first(connection,
                    "update owned.audit set status = ?, ended_at = ? where id = ? returning *", Audit::entry, status,
                    now(), id)).orElseThrow();
        } catch (AmalgamException failure) {
            LOG.warnf("audit %d: ended with %d, which could not be written down: %s", id, status, failure.getMessage());
            return;
        }
        LOG.infof("audit %d: %s of %s at %s: %s %s: %d", entry.id(), entry.actor(), entry.tenant(), entry.address(),
                entry.action(), entry.subject(), status);
    }

    /**
     * Returns entries, the newest first.
     *
     * @param before only those with a lesser id, or null
     * @param tenant only of this tenant, or null
     * @param limit the most that are returned
     */
    List<Entry> list(Long before, String tenant, int limit) {
        StringBuilder sql = new StringBuilder("select * from owned.audit where true");
        List<Object> parameters = new ArrayList<>();
        if (before != null) {
            sql.append(" and id < ?");
            parameters.add(before);
        }
        if (tenant != null) {
            sql.append(" and tenant = ?");
            parameters.add(tenant);
        }
        parameters.add(limit);
        return database.read(connection -> Sql.list(
                connection, sql.append(" order by id desc limit ?").toString(), Audit::entry, parameters.toArray()));
    }

    private static Entry entry(ResultSet row) throws SQLException {
        return new Entry(row.getLong("id"), Sql.instant(row, "at"), row.getString("actor"), row.getString("tenant"),
                row.getString("address"), row.getString("action"), row.getString("subject"), row.getString("trace"),
                row.getObject("status", Integer.class));
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }
}
