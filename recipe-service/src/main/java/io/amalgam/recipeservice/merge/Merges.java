package io.amalgam.recipeservice.merge;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.plan.MergeCost;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Preflight;
import io.amalgam.engine.plan.PreflightResult;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.EventRoute;
import io.amalgam.events.Identifiers;
import io.amalgam.events.TraceContext;
import io.amalgam.events.metric.Meters;
import io.amalgam.events.metric.Metric;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.projection.Projector;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.security.Quotas;
import io.amalgam.recipeservice.security.TenantModels;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/** Takes orders: checks them, pins them, starts, joins or finds the merge, and cancels. */
@ApplicationScoped
public class Merges {

    private static final Logger LOG = Logger.getLogger(Merges.class);
    /** Recipes arrive without a file; problems are told as if they were this one. */
    private static final String RECIPE_FILE = "recipe.yml";
    private static final int LARGEST_PINNED = 256 << 20;

    private final Database database;
    private final ProjectionSchema schema;
    private final MergeQueries queries;
    private final Projector projector;
    private final Broker broker;
    private final Evaluations evaluations;
    private final TenantModels models;
    private final ArtifactStore store;
    private final Admission admission;
    private final Quotas quotas;
    private final Meters meters;

    /** Takes everything that a merge starts with. */
    public Merges(
            Database database, ProjectionSchema schema, MergeQueries queries, Projector projector, Broker broker,
            Evaluations evaluations, TenantModels models, ArtifactStore store, Admission admission, Quotas quotas,
            MeterRegistry metrics) {
        this.database = database;
        this.schema = schema;
        this.queries = queries;
        this.projector = projector;
        this.broker = broker;
        this.evaluations = evaluations;
        this.models = models;
        this.store = store;
        this.admission = admission;
        this.quotas = quotas;
        this.meters = new Meters(metrics);
    }

    /** Checks an order without starting anything. */
    public Plan plan(Caller caller, MergeOrder order) {
        PreflightResult result = preflight(caller, order);
        Optional<PinnedRecipe> pinned = result.pinned();
        return new Plan(
                pinned.isPresent(),
                pinned.map(PinnedRecipe::artifactKey).orElse(null),
                // Whether others have made it is told to those who order it only: see docs/security.md.
                pinned.isPresent() && store.manifest(pinned.get().artifactKey()).isPresent()
                        && quotas.isGranted(caller, pinned.get().artifactKey()),
                pinned.isPresent() ? result.cost() : null,
                pinned.map(Merges::modelsOf).orElse(List.of()),
                result.problems().stream().map(ProblemView::of).toList());
    }

    /**
     * Starts a merge, unless one that makes the same artifact runs or has completed. From then on the caller's tenant
     * sees the artifact.
     *
     * @param caller on whose behalf; triggers are callers, too ({@link Caller#of})
     * @throws AmalgamException with all of the recipe's errors; {@code STORAGE_FULL}; {@code QUOTA_EXCEEDED} or
     *     {@code BYTES_QUOTA_EXCEEDED}; {@code BROKER_UNAVAILABLE} if the request could not be published, and then nothing was started
     */
    public Submission submit(Caller caller, MergeOrder order, TraceContext trace) {
        PreflightResult result;
        try {
            result = preflight(caller, order);
            result.orThrow();
        } catch (AmalgamException refusal) {
            count("refused");
            throw refusal;
        }
        PinnedRecipe pinned = result.orThrow();
        String artifact = pinned.artifactKey();
        schema.ensure();
        boolean complete = store.manifest(artifact).isPresent();
        List<ProblemView> problems = new ArrayList<>(result.problems().stream().map(ProblemView::of).toList());
        String method = methodOf(order);
        Wanted wanted = new Wanted(
                pinned, name(order, method, artifact), method, order.benchmarks(), result.cost().bytesToWrite());
        Submission submission = database.transaction(
                connection -> submit(connection, caller, wanted, result.cost(), complete, problems, trace));
        String outcome = submission.outcome().name().toLowerCase(Locale.ROOT);
        count(outcome);
        LOG.infof("merge %s of artifact %s: %s", submission.id(), submission.artifact(), outcome);
        return submission;
    }

    /**
     * Begins a new attempt at what a merge that failed or was cancelled was to make, from the same pinned recipe; what
     * it had finished is not done again. If another attempt runs already, that is the one; asking again changes nothing.
     *
     * @throws AmalgamException with {@code NOT_FOUND} if there is no such merge or its recipe is no longer stored,
     *     {@code CONFLICT} if it runs or has completed, {@code BROKER_UNAVAILABLE}
     */
    public Submission retry(Caller caller, UUID id, TraceContext trace) {
        MergeView merge = find(caller, id);
        if (!merge.terminal() || merge.state().equals("completed")) {
            throw new AmalgamException(ErrorCode.CONFLICT, "merge " + id + " is " + merge.state()
                    + "; only one that failed or was cancelled can be tried again");
        }
        String artifact = merge.artifact();
        PinnedRecipe pinned = store.get(ArtifactStore.pinnedLocation(artifact), LARGEST_PINNED)
                .map(json -> PlanJson.read(json, PinnedRecipe.class))
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND, "the pinned recipe of merge " + id
                        + " is no longer in the store; submit the recipe again"));
        boolean complete = store.manifest(artifact).isPresent();
        Wanted wanted = new Wanted(
                pinned, merge.name(), merge.method(), merge.benchmarks(), merge.bytesToWrite());
        // Whoever helps out as an administrator does so on behalf of the tenant.
        Caller starter = caller.administrator() ? quotas.starter(caller, id) : caller;
        Submission submission = database.transaction(
                connection -> submit(connection, starter, wanted, null, complete, new ArrayList<>(), trace));
        count("retried");
        return submission;
    }

    /**
     * Asks that a merge end, or if it has, the evaluation of its artifact. Asking again, or where both have ended,
     * changes nothing.
     *
     * @throws AmalgamException with {@code NOT_FOUND}; {@code FORBIDDEN} if another tenant has started it; or
     *     {@code BROKER_UNAVAILABLE}
     */
    public MergeView cancel(Caller caller, UUID id, String reason, TraceContext trace) {
        schema.ensure();
        MergeView merge = find(caller, id);
        quotas.requireStarter(caller, id);
        if (merge.terminal()) {
            evaluations.cancel(merge, caller.name(), reason, trace);
            return merge;
        }
        Event.MergeCancellationRequested event =
                new Event.MergeCancellationRequested(id.toString(), caller.name(), reason, now());
        broker.publish(event, trace);
        database.transaction(connection -> projector.apply(connection, eventId(event), event));
        return find(caller, id);
    }

    /**
     * Finds a merge that the caller may see.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public MergeView find(Caller caller, UUID id) {
        schema.ensure();
        return queries.find(caller, id).orElseThrow(
                () -> new AmalgamException(ErrorCode.NOT_FOUND, "there is no merge " + id));
    }

    /**
     * What is to be made, whether by an order or by another attempt.
     *
     * @param bytes that it will write
     */
    private record Wanted(PinnedRecipe pinned, String name, String method, List<String> benchmarks, long bytes) {
        String artifact() {
            return pinned.artifactKey();
        }
    }

    private Submission submit(
            Connection connection, Caller caller, Wanted wanted, MergeCost cost, boolean complete,
            List<ProblemView> problems, TraceContext trace) throws SQLException {
        String artifact = wanted.artifact();
        // Orders for the same artifact take turns, whichever replica they reach.
        Sql.execute(connection, "select pg_advisory_xact_lock(hashtextextended(?, 0))", artifact);
        int attempts = Sql.first(connection,
                        "select max(attempt) as attempts from owned.merge_attempt where artifact = ?",
                        row -> row.getInt("attempts"), artifact)
                .orElse(0);
        Optional<MergeView> newest = queries.newestOf(connection, artifact);
        quotas.admitBytes(connection, caller.tenant(), artifact, wanted.name(), wanted.bytes());
        // One that was cancelled or given up when its artifact was there already has told nobody of it: another attempt
        // finds everything done, and does.
        boolean untold = newest.filter(merge -> merge.terminal() && !merge.state().equals("completed")).isPresent()
                && !Evaluations.isTold(connection, artifact);
        if (complete && !untold) {
            evaluations.extend(connection, artifact, wanted.benchmarks(), trace).ifPresent(begun ->
                    problems.add(ProblemView.of(new Problem(ErrorCode.CONFLICT, Problem.Severity.NOTE,
                            "the artifact exists; " + begun, null, 0, 0))));
            return new Submission(Submission.Outcome.COMPLETE, newest.map(merge -> merge.id().toString()).orElse(null),
                    artifact, attempts, "completed", cost, problems);
        }
        String newestId = Identifiers.merge(artifact, attempts);
        // An attempt that the projection has not heard of is one whose request it has yet to read.
        boolean known = newest.isPresent() && newest.get().attempt() >= attempts;
        if (attempts > 0 && (!known || !newest.get().terminal())) {
            newest.ifPresent(merge -> noteBenchmarks(wanted, newest, problems));
            return new Submission(Submission.Outcome.JOINED, newestId, artifact, attempts,
                    known ? newest.get().state() : "requested", cost, problems);
        }
        quotas.admitMerge(connection, caller.tenant());
        List<String> inputs = inputs(connection, wanted.pinned());
        admission.require(connection, wanted.bytes());
        // No attempt at this artifact runs, so that nobody plans from what is replaced here; an earlier one may have named
        // the same models by places where they are no more.
        store.put(ArtifactStore.pinnedLocation(artifact), PlanJson.write(wanted.pinned()));
        int attempt = attempts + 1;
        String id = Identifiers.merge(artifact, attempt);
        Event.MergeRequested event = new Event.MergeRequested(id, attempt, artifact, wanted.name(), wanted.method(),
                ArtifactStore.pinnedLocation(artifact), caller.tenant(), wanted.benchmarks(), Version.NUMERICS,
                now());
        // Applied before it is published, so that whoever reads it from the topic waits for this transaction; published
        // before the commit, so that without the broker nothing is remembered and the client is told to come again.
        projector.apply(connection, eventId(event), event);
        remember(connection, UUID.fromString(id), wanted.bytes(), inputs);
        broker.publish(event, trace);
        return new Submission(
                Submission.Outcome.STARTED, id, artifact, attempt, "requested", cost, problems);
    }

    /** The artifacts that a merge reads; none of them is deleted while this transaction lasts. */
    private List<String> inputs(Connection connection, PinnedRecipe pinned) throws SQLException {
        List<String> inputs = pinned.models().stream()
                .flatMap(model -> Artifacts.artifactOf(model.path(), model.identity()).stream())
                .distinct()
                .sorted()
                .toList();
        for (String input : inputs) {
            Artifacts.lock(connection, input, true);
            if (Sql.first(connection, "select artifact from projection.deleted_artifact where artifact = ?",
                    row -> row.getString("artifact"), input).isPresent()) {
                throw new AmalgamException(ErrorCode.MODEL_NOT_FOUND, "artifact " + input + " was deleted; make it again first");
            }
        }
        return inputs;
    }

    /** What outlives the projection: the room that the merge takes, and the artifacts that it reads. */
    private static void remember(Connection connection, UUID merge, long bytes, List<String> inputs) throws SQLException {
        Sql.update(connection, "update owned.merge_attempt set bytes = ? where merge = ?", bytes, merge);
        for (String input : inputs) {
            Sql.update(connection, "insert into owned.merge_input (merge, artifact) values (?, ?)", merge, input);
        }
    }

    private PreflightResult preflight(Caller caller, MergeOrder order) {
        ParsedRecipe parsed = RecipeParser.parse(order.recipe(), RECIPE_FILE);
        return Preflight.check(parsed, order.options(), models.of(caller));
    }

    private static String methodOf(MergeOrder order) {
        return RecipeParser.parse(order.recipe(), RECIPE_FILE).orThrow().mergeMethod();
    }

    private static String name(MergeOrder order, String method, String artifact) {
        return order.name().isBlank() ? method + "-" + artifact.substring(0, Math.min(8, artifact.length()))
                : order.name();
    }

    /** While a merge runs its first order decides what the artifact is scored with; a later one is told so. */
    private static void noteBenchmarks(Wanted wanted, Optional<MergeView> merge, List<ProblemView> problems) {
        List<String> scored = merge.map(MergeView::benchmarks).orElse(List.of());
        List<String> missing = wanted.benchmarks().stream().filter(task -> !scored.contains(task)).toList();
        if (!missing.isEmpty()) {
            problems.add(ProblemView.of(new Problem(ErrorCode.CONFLICT, Problem.Severity.NOTE,
                    "the artifact was ordered before, to be scored with " + scored + "; for " + missing
                            + " submit the recipe again when it is complete",
                    null, 0, 0)));
        }
    }

    private static List<Plan.Model> modelsOf(PinnedRecipe pinned) {
        return pinned.models().stream()
                .map(model -> new Plan.Model(model.path(), model.identity()))
                .toList();
    }

    private static UUID eventId(Event event) {
        return UUID.fromString(EventRoute.of(event).id());
    }

    /** The database keeps microseconds; so do events, that both tell the same time. */
    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }

    private void count(String outcome) {
        meters.counter(Metric.MERGE_ORDERS, outcome).increment();
    }
}
