package io.amalgam.recipeservice.database;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jboss.logging.Logger;

/**
 * The schema {@code projection}: made when it is missing, dropped and made anew when its definition has changed or when
 * an operator asks for it ({@code amalgam.projection.rebuild=true}). Nothing in it is a source of truth: positions in
 * the topics lie in it too, so that an empty projection reads the topics from their beginning.
 */
@ApplicationScoped
public class ProjectionSchema {

    private static final Logger LOG = Logger.getLogger(ProjectionSchema.class);

    private final Database database;
    private final boolean rebuild;
    private boolean ready;

    /** Takes the database and whether to start from nothing. */
    public ProjectionSchema(
            Database database, @ConfigProperty(name = "amalgam.projection.rebuild", defaultValue = "false") boolean rebuild) {
        this.database = database;
        this.rebuild = rebuild;
    }

    /**
     * Makes sure, once in the life of this process, that the schema is there as this version defines it.
     *
     * @throws AmalgamException with {@code DATABASE_UNAVAILABLE} if the database does not answer; ask again later
     */
    public synchronized void ensure() {
        if (ready) {
            return;
        }
        try {
            make();
        } catch (FlywayException failure) {
            throw meaning(failure);
        }
        ready = true;
    }

    /** How often the projection has been begun anew. */
    public long generation(Connection connection) throws SQLException {
        return Sql.first(connection, "select generation from owned.projection_generation",
                row -> row.getLong("generation")).orElseThrow();
    }

    /** The generation, which then stays what it is until the caller's transaction ends. */
    public long lockGeneration(Connection connection) throws SQLException {
        return Sql.first(connection, "select generation from owned.projection_generation for share",
                row -> row.getLong("generation")).orElseThrow();
    }

    /**
     * Empties the projection while all replicas run; each notices and reads the topics from their beginning. Until they
     * have, what is shown is what they have read so far.
     *
     * @return the new generation
     */
    public long rebuild() {
        ensure();
        return database.transaction(connection -> {
            long generation = raiseGeneration(connection);
            List<String> tables = Sql.list(connection, """
                    select table_name from information_schema.tables
                    where table_schema = 'projection' and table_name <> 'flyway_schema_history' order by table_name""",
                    row -> "projection." + row.getString("table_name"));
            Sql.execute(connection, "truncate " + String.join(", ", tables));
            LOG.infof("the projection is emptied and rebuilt from the topics (generation %d)", generation);
            return generation;
        });
    }

    /** First of all, so that whoever is applying records ends before, and whoever begins waits and then knows. */
    private static long raiseGeneration(Connection connection) throws SQLException {
        return Sql.first(connection,
                "update owned.projection_generation set generation = generation + 1 returning generation",
                row -> row.getLong("generation")).orElseThrow();
    }

    private void make() {
        Flyway flyway = Flyway.configure()
                .dataSource(database.dataSource())
                .schemas("projection")
                .locations("classpath:db/projection")
                .createSchemas(true)
                .cleanDisabled(false)
                .load();
        if (rebuild) {
            LOG.info("dropping the projection: amalgam.projection.rebuild is set");
            drop(flyway);
        } else if (flyway.info().current() != null && !flyway.validateWithResult().validationSuccessful) {
            LOG.info("dropping the projection: its definition has changed; it is rebuilt from the topics");
            drop(flyway);
        }
        flyway.migrate();
    }

    private void drop(Flyway flyway) {
        database.transaction(ProjectionSchema::raiseGeneration);
        flyway.clean();
    }

    /** Flyway wraps what the database said. */
    private static AmalgamException meaning(FlywayException failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException answer) {
                return Database.failure(answer);
            }
        }
        return new AmalgamException(
                ErrorCode.INTERNAL, "the projection cannot be made: " + failure.getMessage(), failure);
    }
}
