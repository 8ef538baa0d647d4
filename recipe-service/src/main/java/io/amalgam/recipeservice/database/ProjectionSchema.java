package io.amalgam.recipeservice.database;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.flywaydb.core.Flyway;
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

    /** Makes sure, once in the life of this process, that the schema is there as this version defines it. */
    public synchronized void ensure() {
        if (ready) {
            return;
        }
        Flyway flyway = Flyway.configure()
                .dataSource(database.dataSource())
                .schemas("projection")
                .locations("classpath:db/projection")
                .createSchemas(true)
                .cleanDisabled(false)
                .load();
        if (rebuild) {
            LOG.info("dropping the projection: amalgam.projection.rebuild is set");
            flyway.clean();
        } else if (flyway.info().current() != null && !flyway.validateWithResult().validationSuccessful) {
            LOG.info("dropping the projection: its definition has changed; it is rebuilt from the topics");
            flyway.clean();
        }
        flyway.migrate();
        ready = true;
    }
}
