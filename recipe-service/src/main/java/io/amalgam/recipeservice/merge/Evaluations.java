package io.amalgam.recipeservice.merge;

import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.EvaluationCancellationRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.EventRoute;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.amalgam.recipeservice.view.MergeView;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Asks for evaluations of artifacts that exist already, and that running ones end. */
@ApplicationScoped
public class Evaluations {

    private final Projector projector;
    private final Broker broker;

    /** Takes where events go. */
    public Evaluations(Projector projector, Broker broker) {
        this.projector = projector;
        this.broker = broker;
    }

    /**
     * Has an artifact scored with benchmarks that it was not ordered with before, or, if its evaluation failed or was
     * cancelled, once more with those that it was, by telling of the artifact again. Orders for an artifact are to take
     * turns.
     *
     * @return what was begun, as a sentence's end; empty if there is nothing to do, or if nothing is known of the artifact
     * @throws io.amalgam.engine.error.AmalgamException with {@code BROKER_UNAVAILABLE}, and then nothing was asked for
     */
    public Optional<String> extend(Connection connection, String artifact, List<String> benchmarks, TraceContext trace)
            throws SQLException {
        Optional<ArtifactCompleted> told = find(connection, artifact);
        if (told.isEmpty() || benchmarks.isEmpty()) {
            return Optional.empty();
        }
        ArtifactCompleted before = told.get();
        List<String> added = benchmarks.stream().filter(name -> !before.benchmarks().contains(name)).toList();
        Optional<String> ended = Sql.first(connection,
                "select state from projection.evaluation where id = ? and state in ('failed', 'cancelled')",
                row -> row.getString("state"), artifact);
        if (added.isEmpty() && ended.isEmpty()) {
            return Optional.empty();
        }
        List<String> all = new ArrayList<>(before.benchmarks());
        all.addAll(added);
        ArtifactCompleted event = new ArtifactCompleted(
                before.artifact(), before.merge(), before.name(), before.method(), before.location(),
                before.manifestSha256(), before.bytes(), before.models(), all,
                before.evaluationAttempt() + (ended.isPresent() ? 1 : 0), now());
        // Applied before it is published, and published before the commit, as a merge's request is.
        projector.apply(connection, UUID.fromString(EventRoute.of(event).id()), event);
        broker.publish(event, trace);
        return Optional.of(added.isEmpty()
                ? "its evaluation, which was " + ended.get() + ", goes on: attempt " + event.evaluationAttempt()
                : "it is now scored with " + added + " too");
    }

    /**
     * Asks that the evaluation of a merge's artifact end, if one runs. Asking again changes nothing.
     *
     * @param by who asks
     */
    public void cancel(MergeView merge, String by, String reason, TraceContext trace) {
        if (merge.evaluation() != null && merge.evaluation().state().equals("running")) {
            Event event = new EvaluationCancellationRequested(merge.evaluation().id(), by, reason, now());
            broker.publish(event, trace);
        }
    }

    /** Whether an artifact has been announced, as far as the projection has heard. */
    static boolean isTold(Connection connection, String artifact) throws SQLException {
        return Sql.first(connection, "select id from projection.artifact where id = ?",
                row -> row.getString("id"), artifact).isPresent();
    }

    private static Optional<ArtifactCompleted> find(Connection connection, String artifact) throws SQLException {
        List<ModelPlace> models = Sql.list(connection,
                "select * from projection.artifact_model where artifact = ? order by position",
                row -> new ModelPlace(row.getString("name"), row.getString("identity"), row.getString("location"),
                        ModelPlace.Role.valueOf(row.getString("role"))),
                artifact);
        return Sql.first(connection, "select * from projection.artifact where id = ?",
                row -> new ArtifactCompleted(
                        artifact, row.getString("merge"), row.getString("name"), row.getString("method"),
                        row.getString("location"), row.getString("manifest_sha256"), row.getLong("bytes"), models,
                        Sql.texts(row, "benchmarks"), row.getInt("evaluation_attempt"),
                        Sql.instant(row, "completed_at")),
                artifact);
    }

    /** The database keeps microseconds; so do events, that both tell the same time. */
    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }
}
