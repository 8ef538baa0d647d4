package io.amalgam.recipeservice.trigger;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.merge.Plan;
import io.amalgam.recipeservice.merge.Submission;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ComparisonQueries;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.amalgam.recipeservice.view.ModelComparison;
import io.amalgam.recipeservice.view.ScoreView;
import io.quarkus.scheduler.Scheduled;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/**
 * Runs triggers: looks at what is due, starts what has waited long enough, follows what it started to its end.
 *
 * <p>Each step claims a row by moving its time ahead in a transaction that skips rows which others hold, so that of two
 * replicas one does it. A replica that dies within a step leaves a row that is due again when the claim has run out; all
 * steps may be repeated, since an order for the same artifact joins the merge that makes it.
 */
@ApplicationScoped
public class TriggerRunner {

    private static final Logger LOG = Logger.getLogger(TriggerRunner.class);
    /** How long a claimed row is left to its replica. */
    private static final Duration CLAIM = Duration.ofSeconds(60);
    /** Between two looks at a merge that was started. */
    private static final Duration FOLLOW = Duration.ofSeconds(1);
    /** Until what could not be started for want of Kafka or a store is tried again. */
    private static final Duration AGAIN = Duration.ofSeconds(15);
    private static final int BATCH = 20;
    private static final int CAUSE_DAYS = 30;
    private static final String BETTER = "better";

    private final Database database;
    private final ProjectionSchema schema;
    private final Triggers triggers;
    private final Merges merges;
    private final MergeQueries mergeQueries;
    private final ArtifactQueries artifacts;
    private final ComparisonQueries comparisons;
    private final TriggerMessages messages;

    /** Takes everything that triggers need. */
    public TriggerRunner(
            Database database, ProjectionSchema schema, Triggers triggers, Merges merges, MergeQueries mergeQueries,
            ArtifactQueries artifacts, ComparisonQueries comparisons, TriggerMessages messages) {
        this.database = database;
        this.schema = schema;
        this.triggers = triggers;
        this.merges = merges;
        this.mergeQueries = mergeQueries;
        this.artifacts = artifacts;
        this.comparisons = comparisons;
        this.messages = messages;
    }

    /** A firing that this replica has claimed. */
    private record Claimed(UUID id, UUID trigger, String state, UUID merge, String artifact) {
    }

    /** What an ended firing is remembered with. */
    private record Outcome(String state, String artifact, Double score, Double difference, String verdict, String message) {
    }

    /** Does everything that is due. */
    @Scheduled(every = "${amalgam.triggers.every:1s}", concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void run() {
        try {
            schema.ensure();
            for (Triggers.Stored trigger : dueTriggers()) {
                attempt(() -> check(trigger), trigger.name());
            }
            for (Claimed firing : dueFirings()) {
                attempt(() -> advance(firing), firing.id().toString());
            }
        } catch (AmalgamException failure) {
            LOG.warnf("triggers wait: %s", failure.getMessage());
        }
    }

    /** Forgets the keys of causes whose redelivery nobody expects any more. */
    @Scheduled(every = "1h", delayed = "15m")
    void prune() {
        try {
            database.read(connection -> Sql.update(connection,
                    "delete from owned.trigger_cause where noticed_at < now() - make_interval(days => ?)", CAUSE_DAYS));
        } catch (AmalgamException failure) {
            LOG.warnf("causes of triggers are pruned later: %s", failure.getMessage());
        }
    }

    /** One that fails must not keep the others from running; its claim runs out, and it is tried again. */
    private static void attempt(Runnable step, String what) {
        try {
            step.run();
        } catch (AmalgamException failure) {
            LOG.warnf("trigger %s is tried again: %s", what, failure.getMessage());
        }
    }

    private List<Triggers.Stored> dueTriggers() {
        return database.transaction(connection -> Sql.list(connection, """
                update owned.trigger set next_check_at = now() + make_interval(secs => ?)
                where id in (select id from owned.trigger where next_check_at <= now()
                    order by next_check_at limit ? for update skip locked)
                returning *""", triggers::stored, CLAIM.toSeconds(), BATCH));
    }

    private List<Claimed> dueFirings() {
        return database.transaction(connection -> Sql.list(connection, """
                update owned.trigger_firing set due_at = now() + make_interval(secs => ?)
                where id in (select id from owned.trigger_firing where state in ('waiting', 'started')
                    and due_at <= now() order by due_at limit ? for update skip locked)
                returning *""",
                row -> new Claimed(row.getObject("id", UUID.class), row.getObject("trigger", UUID.class),
                        row.getString("state"), row.getObject("merge", UUID.class), row.getString("artifact")),
                CLAIM.toSeconds(), BATCH));
    }

    /** A schedule is due, or models are to be looked at: whether the recipe would make something else now. */
    private void check(Triggers.Stored trigger) {
        String artifact = trigger.condition() instanceof Condition.Schedule ? null
                : Optional.of(merges.plan(trigger.caller(), triggers.order(trigger))).map(Plan::artifact).orElse(null);
        database.transaction(connection -> {
            // By the clock of this replica's transaction, so that a slow look does not make two of one.
            Instant next = trigger.condition().nextCheck(Triggers.now()).orElse(null);
            Sql.update(connection, "update owned.trigger set next_check_at = ?, seen_artifact = coalesce(?, seen_artifact) "
                    + "where id = ?", next, artifact, trigger.id());
            if (trigger.condition() instanceof Condition.Schedule) {
                triggers.notice(connection, trigger, "schedule", null);
            } else if (artifact != null && !artifact.equals(trigger.seenArtifact())) {
                triggers.notice(connection, trigger, "a model has changed", "artifact:" + artifact);
            }
            return null;
        });
    }

    private void advance(Claimed firing) {
        Optional<Triggers.Stored> trigger = database.read(connection -> triggers.load(connection, firing.trigger()));
        if (trigger.isEmpty()) {
            return;
        }
        if (firing.state().equals("waiting")) {
            start(trigger.get(), firing);
        } else {
            follow(trigger.get(), firing);
        }
    }

    private void start(Triggers.Stored trigger, Claimed firing) {
        Submission submission;
        try {
            submission = merges.submit(trigger.caller(), triggers.order(trigger), TraceContext.start());
        } catch (AmalgamException refusal) {
            if (refusal.code().transientFailure() || refusal.code() == ErrorCode.QUOTA_EXCEEDED) {
                later(firing, AGAIN);
                throw refusal;
            }
            finish(trigger, firing, new Outcome("refused", null, null, null, null, refusal.getMessage()));
            return;
        }
        String artifact = submission.artifact();
        if (submission.outcome() == Submission.Outcome.COMPLETE && artifact.equals(trigger.lastArtifact())) {
            finish(trigger, firing, new Outcome("unchanged", artifact, null, null, null, null));
            return;
        }
        database.transaction(connection -> Sql.update(connection, """
                update owned.trigger_firing set state = 'started', merge = ?::uuid, artifact = ?, due_at = now()
                where id = ?""", submission.id(), artifact, firing.id()));
        database.transaction(connection -> Sql.update(connection,
                "update owned.trigger set seen_artifact = ? where id = ?", artifact, trigger.id()));
    }

    private void follow(Triggers.Stored trigger, Claimed firing) {
        Optional<MergeView> merge = firing.merge() == null ? Optional.empty() : mergeQueries.find(Caller.LINE, firing.merge());
        if (merge.isEmpty() || !merge.get().settled()) {
            later(firing, FOLLOW);
            return;
        }
        MergeView ended = merge.get();
        if (!ended.state().equals("completed")) {
            finish(trigger, firing, new Outcome(ended.state(), ended.artifact(), null, null, null,
                    ended.error() == null ? null : ended.error().code() + ": " + ended.error().message()));
            return;
        }
        Double score = average(ended.artifact());
        Double difference = null;
        String verdict = null;
        String previous = trigger.lastArtifact();
        if (previous != null && !previous.equals(ended.artifact()) && score != null && trigger.lastScore() != null) {
            Optional<ModelComparison.Paired> paired = paired(ended.artifact(), previous);
            difference = paired.map(ModelComparison.Paired::difference).orElse(score - trigger.lastScore());
            // Without the answers to the same questions nobody knows whether a difference is more than chance.
            verdict = paired.map(ModelComparison.Paired::verdict).orElse("not compared");
        }
        finish(trigger, firing, new Outcome("completed", ended.artifact(), score, difference, verdict, null));
    }

    private Double average(String artifact) {
        List<ScoreView> scores = artifacts.scores(artifact);
        return scores.isEmpty() ? null
                : scores.stream().mapToDouble(ScoreView::value).average().orElseThrow();
    }

    private Optional<ModelComparison.Paired> paired(String artifact, String previous) {
        try {
            return Optional.ofNullable(comparisons.compare(Caller.LINE, artifact, previous, null, 0).average());
        } catch (AmalgamException impossible) {
            if (impossible.code().transientFailure()) {
                throw impossible;
            }
            return Optional.empty();
        }
    }

    private void later(Claimed firing, Duration pause) {
        database.transaction(connection -> Sql.update(connection,
                "update owned.trigger_firing set due_at = now() + make_interval(secs => ?) where id = ?",
                pause.toSeconds(), firing.id()));
    }

    /** Ends a firing and writes what is to be told of it, in one transaction; only the first who does it counts. */
    private void finish(Triggers.Stored trigger, Claimed firing, Outcome outcome) {
        database.transaction(connection -> {
            int changed = Sql.update(connection, """
                    update owned.trigger_firing set state = ?, artifact = coalesce(?, artifact), score = ?,
                        previous_artifact = ?, previous_score = ?, difference = ?, verdict = ?, message = ?,
                        finished_at = now()
                    where id = ? and state in ('waiting', 'started')""",
                    outcome.state(), outcome.artifact(), outcome.score(), trigger.lastArtifact(), trigger.lastScore(),
                    outcome.difference(), outcome.verdict(), outcome.message(), firing.id());
            if (changed == 0 || outcome.state().equals("unchanged")) {
                return null;
            }
            boolean completed = outcome.state().equals("completed");
            if (completed) {
                Sql.update(connection, """
                        update owned.trigger set last_artifact = ?, last_score = coalesce(?, last_score),
                            seen_artifact = ? where id = ?""",
                        outcome.artifact(), outcome.score(), outcome.artifact(), trigger.id());
            }
            TriggerMessages.Told told = new TriggerMessages.Told(firing.id(), trigger.id(), trigger.name(),
                    outcome.state(), firing.merge(), outcome.artifact(), outcome.score(), trigger.lastArtifact(),
                    trigger.lastScore(), outcome.difference(), outcome.verdict(), outcome.message());
            messages.write(connection, trigger, completed ? "completed" : "failed", told);
            if (BETTER.equals(outcome.verdict())) {
                messages.write(connection, trigger, "improved", told);
            }
            return null;
        });
    }
}
