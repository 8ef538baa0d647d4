package io.amalgam.recipeservice.projection;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/**
 * Keeps the inbox small. Redeliveries come within minutes, a coordinator's repetitions within days; positions keep
 * everything older from being read again, and what it would change, it has changed already.
 */
@ApplicationScoped
public class Inbox {

    private static final Logger LOG = Logger.getLogger(Inbox.class);
    private static final int DAYS = 14;

    private final Database database;
    private final ProjectionSchema schema;

    /** Takes the database. */
    public Inbox(Database database, ProjectionSchema schema) {
        this.database = database;
        this.schema = schema;
    }

    @Scheduled(every = "1h", delayed = "10m")
    void prune() {
        try {
            schema.ensure();
            database.read(connection -> Sql.update(connection,
                    "delete from projection.inbox where applied_at < now() - make_interval(days => ?)", DAYS));
        } catch (AmalgamException failure) {
            LOG.warnf("the inbox is pruned later: %s", failure.getMessage());
        }
    }
}
