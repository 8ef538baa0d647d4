package io.amalgam.recipeservice.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.SweepResult;
import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventRoute;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.amalgam.recipeservice.security.Caller;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Deletes artifacts that nobody uses, and what crashed workers left in the store. */
@ApplicationScoped
public class Artifacts {

    /** Younger remains may be those of a worker that is only slow, or of a clock that is wrong. */
    private static final Duration SWEEP_AGE = Duration.ofDays(1);
    private static final String LOCATION_PREFIX = "artifacts/";

    private final Database database;
    private final ProjectionSchema schema;
    private final Projector projector;
    private final Broker broker;
    private final ArtifactStore store;

    /** Takes what knows of artifacts' uses. */
    public Artifacts(
            Database database, ProjectionSchema schema, Projector projector, Broker broker, ArtifactStore store) {
        this.database = database;
        this.schema = schema;
        this.projector = projector;
        this.broker = broker;
        this.store = store;
    }

    /** The artifact that a model of a recipe is, if it is one: by its identity, or by where it lies. */
    static Optional<String> artifactOf(String path, String identity) {
        if (identity.startsWith(ArtifactModelSource.IDENTITY_PREFIX)) {
            return Optional.of(identity.substring(ArtifactModelSource.IDENTITY_PREFIX.length()));
        }
        return path.startsWith(LOCATION_PREFIX) && path.indexOf('/', LOCATION_PREFIX.length()) < 0
                ? Optional.of(path.substring(LOCATION_PREFIX.length()))
                : Optional.empty();
    }

    /** Has transactions that use an artifact, or that delete it, take turns; of users any number at once. */
    static void lock(Connection connection, String artifact, boolean shared) throws SQLException {
        Sql.execute(connection, shared
                ? "select pg_advisory_xact_lock_shared(hashtextextended(?, 1))"
                : "select pg_advisory_xact_lock(hashtextextended(?, 1))", artifact);
    }

    /**
     * Deletes an artifact for a tenant: what others have ordered too stays for them. An administrator deletes it for all.
     *
     * @param caller who wants it
     * @throws AmalgamException with {@code NOT_FOUND} if there is none, {@code CONFLICT} if something uses it,
     *     {@code BROKER_UNAVAILABLE} and then nothing was deleted, {@code STORE_UNAVAILABLE} and then the same request
     *     later deletes the rest
     */
    public void delete(String artifact, Caller caller, String reason, TraceContext trace) {
        schema.ensure();
        database.transaction(connection -> {
            lock(connection, artifact, false);
            Optional<UUID> merge = Sql.first(connection, "select merge from projection.artifact where id = ?",
                    row -> row.getObject("merge", UUID.class), artifact);
            if (merge.isEmpty() && store.manifest(artifact).isEmpty()) {
                throw new AmalgamException(ErrorCode.NOT_FOUND, "there is no artifact " + artifact);
            }
            if (!caller.administrator() && othersHave(connection, artifact, caller.tenant())) {
                Sql.update(connection, "delete from owned.artifact_grant where artifact = ? and tenant = ?",
                        artifact, caller.tenant());
                return null;
            }
            Optional<String> use = use(connection, artifact);
            if (use.isPresent()) {
                throw new AmalgamException(ErrorCode.CONFLICT, "artifact " + artifact + " " + use.get());
            }
            // Told before it is done: what is then half done is done by the next request, and nobody reads of an
            // artifact that is not there.
            Event.ArtifactDeleted event = new Event.ArtifactDeleted(artifact, merge.map(UUID::toString).orElse(null), caller.name(),
                    EventCodec.abbreviate(reason), Instant.now().truncatedTo(ChronoUnit.MICROS));
            projector.apply(connection, UUID.fromString(EventRoute.of(event).id()), event);
            Sql.update(connection, "delete from owned.artifact_grant where artifact = ?", artifact);
            broker.publish(event, trace);
            store.deleteArtifact(artifact);
            return null;
        });
    }

    private static boolean othersHave(Connection connection, String artifact, String tenant) throws SQLException {
        return Sql.first(connection, "select 1 from owned.artifact_grant where artifact = ? and tenant <> ? limit 1",
                row -> true, artifact, tenant).isPresent();
    }

    /** What an artifact is used for, as the rest of a sentence that begins with it. */
    private static Optional<String> use(Connection connection, String artifact) throws SQLException {
        Optional<String> child = Sql.first(connection, """
                select artifact from projection.artifact_model
                where role <> 'ARTIFACT' and artifact <> ? and (identity = ? or location = ?)
                order by artifact limit 1""", row -> row.getString("artifact"),
                artifact, ArtifactModelSource.IDENTITY_PREFIX + artifact, LOCATION_PREFIX + artifact);
        if (child.isPresent()) {
            return Optional.of("is a parent of artifact " + child.get() + "; delete that one first");
        }
        Optional<UUID> reader = Sql.first(connection, """
                select i.merge from owned.merge_input i left join projection.merge m on m.id = i.merge
                where i.artifact = ? and (m.id is null or m.state in ('requested', 'running')) limit 1""",
                row -> row.getObject("merge", UUID.class), artifact);
        if (reader.isPresent()) {
            return Optional.of("is read by merge " + reader.get() + "; wait for its end, or cancel it");
        }
        Optional<UUID> maker = Sql.first(connection, """
                select id from projection.merge where artifact = ? and state in ('requested', 'running') limit 1""",
                row -> row.getObject("id", UUID.class), artifact);
        if (maker.isPresent()) {
            return Optional.of("is being made by merge " + maker.get() + "; wait for its end, or cancel it");
        }
        return Sql.first(connection, """
                select id from projection.evaluation where coalesce(artifact, id) = ? and state = 'running' limit 1""",
                row -> "is being evaluated; wait for the end of evaluation " + row.getString("id"), artifact);
    }

    /** Removes from the store what crashed workers left, unless an open merge may still want it. */
    SweepResult sweep() {
        schema.ensure();
        Set<String> open = database.read(connection -> Sql.list(connection, """
                        select a.artifact from owned.merge_attempt a left join projection.merge m on m.id = a.merge
                        where m.id is null or m.state in ('requested', 'running')""", row -> row.getString("artifact")))
                .stream().collect(Collectors.toSet());
        return store.sweep(SWEEP_AGE, open::contains);
    }
}
