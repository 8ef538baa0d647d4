package io.amalgam.recipeservice.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.SweepResult;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.security.Caller;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jboss.logging.Logger;

/**
 * Deletes what is older or larger than its tenant keeps, and sweeps the store. One replica at a time does it: who finds the
 * job's row unlocked. What is in use stays, and is looked at again the next time.
 */
@ApplicationScoped
public class Retention {

    private static final Logger LOG = Logger.getLogger(Retention.class);
    private static final String BY = "retention";

    private final Database database;
    private final ProjectionSchema schema;
    private final Artifacts artifacts;
    private final Settings settings;

    /** What is kept of artifacts. */
    @ConfigMapping(prefix = "amalgam.retention")
    public interface Settings {
        /** How often the store is looked through. */
        @WithDefault("1h")
        Duration every();

        /** What is kept for tenants that have no limits of their own. */
        Limits all();

        /** What is kept for a tenant, by its name. */
        Map<String, Limits> tenants();

        /** Limits; without any everything is kept. */
        interface Limits {
            /** Days that an artifact is kept after it was completed. */
            OptionalInt days();

            /** How much a tenant's artifacts may take together, as {@code 500GB}; the oldest go first. */
            Optional<String> bytes();
        }
    }

    /** Takes what deletes. */
    public Retention(Database database, ProjectionSchema schema, Artifacts artifacts, Settings settings) {
        this.database = database;
        this.schema = schema;
        this.artifacts = artifacts;
        this.settings = settings;
    }

    /** An artifact that may have to go. */
    private record Candidate(String artifact, String tenant, long bytes, Instant completedAt) {
    }

    @Scheduled(every = "1m", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void look() {
        try {
            run();
        } catch (AmalgamException outage) {
            LOG.warnf("the store was not looked through: %s", outage.getMessage());
        }
    }

    /**
     * Does the job, if it is due and nobody else is at it.
     *
     * @return whether it was done
     */
    public boolean run() {
        schema.ensure();
        return database.transaction(connection -> {
            Optional<String> claimed = Sql.first(connection, """
                    select job from owned.housekeeping where job = ? and due_at <= now() for update skip locked""",
                    row -> row.getString("job"), BY);
            if (claimed.isEmpty()) {
                return false;
            }
            expired(Instant.now()).forEach(this::delete);
            SweepResult swept = artifacts.sweep();
            if (swept.files() + swept.uploads() > 0) {
                LOG.infof("swept %d files (%d bytes) and %d uploads that nobody carries on",
                        swept.files(), swept.bytes(), swept.uploads());
            }
            Sql.update(connection, "update owned.housekeeping set due_at = now() + make_interval(secs => ?) where job = ?",
                    (double) settings.every().toSeconds(), BY);
            return true;
        });
    }

    private void delete(Candidate candidate) {
        try {
            artifacts.delete(candidate.artifact(), Caller.of(BY, candidate.tenant()), "kept as long as tenant " + candidate.tenant() + " wants", TraceContext.start());
            LOG.infof("deleted artifact %s of tenant %s: it was completed at %s", candidate.artifact(), candidate.tenant(),
                    candidate.completedAt());
        } catch (AmalgamException refusal) {
            if (refusal.code() != ErrorCode.CONFLICT && refusal.code() != ErrorCode.NOT_FOUND) {
                throw refusal;
            }
            LOG.debugf("kept: %s", refusal.getMessage());
        }
    }

    /** What is beyond the limits of its tenant, the newest first, so that children go before their parents. */
    private List<Candidate> expired(Instant now) {
        List<Candidate> all = database.read(connection -> Sql.list(connection, """
                select a.id, a.bytes, a.completed_at, g.tenant from projection.artifact a
                join owned.artifact_grant g on g.artifact = a.id
                order by a.completed_at desc, a.id, g.tenant""",
                row -> new Candidate(row.getString("id"), row.getString("tenant"), row.getLong("bytes"),
                        Sql.instant(row, "completed_at"))));
        Map<String, Long> kept = new HashMap<>();
        List<Candidate> expired = new ArrayList<>();
        for (Candidate candidate : all) {
            Settings.Limits limits = settings.tenants().getOrDefault(candidate.tenant(), settings.all());
            boolean old = limits.days().isPresent()
                    && candidate.completedAt().isBefore(now.minus(Duration.ofDays(limits.days().getAsInt())));
            long sum = kept.merge(candidate.tenant(), candidate.bytes(), Long::sum);
            boolean large = limits.bytes().isPresent() && sum > ByteSize.parse(limits.bytes().get());
            if (old || large) {
                kept.merge(candidate.tenant(), -candidate.bytes(), Long::sum);
                expired.add(candidate);
            }
        }
        return expired;
    }
}
