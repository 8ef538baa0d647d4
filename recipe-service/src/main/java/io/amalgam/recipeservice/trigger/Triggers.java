package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.merge.ByteSize;
import io.amalgam.recipeservice.merge.MergeOrder;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.merge.Plan;
import io.amalgam.recipeservice.merge.ProblemView;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.security.Quotas;
import io.amalgam.recipeservice.security.TenantModels;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Triggers and what fires them, in the database: any number of replicas share them. */
@ApplicationScoped
public class Triggers {

    private static final String RECIPE_FILE = "recipe.yml";
    private static final int SHOWN_FIRINGS = 20;
    private static final int LONGEST_CAUSE = 200;

    private final Database database;
    private final Merges merges;
    private final TenantModels models;
    private final Quotas quotas;
    private final TriggerMessages messages;
    private final ObjectMapper mapper;
    private final long shardBytes;
    private final Duration shortestPoll;

    /** Takes the database, and what checks recipes, conditions and addresses. */
    public Triggers(
            Database database, Merges merges, TenantModels models, Quotas quotas, TriggerMessages messages,
            ObjectMapper mapper,
            @ConfigProperty(name = "amalgam.merges.shard-size") String shardSize,
            @ConfigProperty(name = "amalgam.triggers.shortest-poll") Duration shortestPoll) {
        this.database = database;
        this.merges = merges;
        this.models = models;
        this.quotas = quotas;
        this.messages = messages;
        this.mapper = mapper;
        this.shardBytes = ByteSize.parse(shardSize);
        this.shortestPoll = shortestPoll;
    }

    /** A trigger as its row has it. */
    record Stored(
            UUID id, String name, String tenant, String recipe, TriggerOrder.Options options, Condition condition,
            Notification notification, int debounceSeconds, String seenArtifact, String lastArtifact,
            Double lastScore, Instant createdAt, Instant nextCheckAt) {

        /** On whose behalf its merges are. */
        Caller caller() {
            return Caller.of("trigger:" + name, tenant);
        }
    }

    /** A trigger that was made, and what its recipe's preflight says now. */
    public record Created(TriggerView trigger, List<ProblemView> problems) {
    }

    /**
     * Makes a trigger. Models that are not there yet are told, and are no error: a trigger may wait for them.
     *
     * @throws AmalgamException with {@code FORBIDDEN} if it would tell the tenant what is put into a bucket that its
     *     recipes may not name, {@code ADDRESS_REFUSED} if it would call an address that is not called, {@code
     *     QUOTA_EXCEEDED} if the tenant has as many as it may, {@code ARGUMENT_INVALID} if its models would be looked at
     *     more often than the operator allows, or with the errors of what is no recipe
     */
    public Created create(Caller caller, TriggerOrder order) {
        // What is no recipe will never be one; what lacks a model may get it.
        RecipeParser.parse(order.recipe(), RECIPE_FILE).orThrow();
        order.condition().requirePoll(shortestPoll);
        requireBucket(caller, order.condition());
        messages.check(order.notification());
        MergeOrder merge = order(order.name(), order.recipe(), order.options());
        Plan plan = merges.plan(caller, merge);
        UUID id = UUID.randomUUID();
        Instant now = now();
        database.transaction(connection -> {
            quotas.admitTrigger(connection, caller.tenant());
            return Sql.update(connection, """
                    insert into owned.trigger (id, name, tenant, recipe, options, condition, notification,
                        debounce_seconds, created_at, next_check_at, seen_artifact)
                    values (?, ?, ?, ?, ?::jsonb, ?::jsonb, ?::jsonb, ?, ?, ?, ?)""",
                    id, order.name().strip(), caller.tenant(), order.recipe(), json(order.options()),
                    json(order.condition()), order.notification() == null ? null : json(order.notification()),
                    order.debounceSeconds(), now, order.condition().nextCheck(now).orElse(null), plan.artifact());
        });
        return new Created(find(caller, id), plan.problems());
    }

    /** Lists the triggers that the caller may see by name, each with its newest firings. */
    public List<TriggerView> list(Caller caller) {
        return database.read(connection -> {
            List<Stored> all = Sql.list(connection,
                    "select * from owned.trigger where cast(? as text) is null or tenant = ? order by name, id",
                    this::stored, caller.scope(), caller.scope());
            List<TriggerView> views = new ArrayList<>(all.size());
            for (Stored trigger : all) {
                views.add(view(connection, trigger));
            }
            return views;
        });
    }

    /**
     * Finds a trigger that the caller may see.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public TriggerView find(Caller caller, UUID id) {
        return database.read(connection -> view(connection, load(connection, caller, id)));
    }

    /**
     * Removes a trigger that the caller may see, with what it remembers. What it started goes on.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public void delete(Caller caller, UUID id) {
        database.transaction(connection ->
                Sql.update(connection, "delete from owned.trigger where id = ?", load(connection, caller, id).id()));
    }

    /**
     * Fires a trigger that the caller may see by hand.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    public TriggerView fire(Caller caller, UUID id) {
        database.transaction(connection -> notice(connection, load(connection, caller, id), "asked for", null));
        return find(caller, id);
    }

    /**
     * Notices a cause for all triggers that it concerns.
     *
     * @param key of the cause, the same for each of its deliveries, or null if it has none
     * @return how many triggers took it
     */
    int notice(Predicate<Stored> concerns, String cause, String key) {
        return database.transaction(connection -> {
            int taken = 0;
            for (Stored trigger : Sql.list(connection, "select * from owned.trigger order by id", this::stored)) {
                if (concerns.test(trigger) && notice(connection, trigger, cause, key)) {
                    taken++;
                }
            }
            return taken;
        });
    }

    /**
     * Notices a cause in the caller's transaction: a firing begins to wait, or the one that waits takes it in and waits
     * anew.
     *
     * @return false if the cause was noticed before
     */
    boolean notice(Connection connection, Stored trigger, String cause, String key) throws SQLException {
        Instant now = now();
        if (key != null && Sql.update(connection, """
                insert into owned.trigger_cause (trigger, key, noticed_at) values (?, ?, ?)
                on conflict do nothing""", trigger.id(), key, now) == 0) {
            return false;
        }
        String words = cause.length() <= LONGEST_CAUSE ? cause : cause.substring(0, LONGEST_CAUSE - 1) + "…";
        Sql.update(connection, """
                insert into owned.trigger_firing (id, trigger, cause, state, noticed_at, due_at)
                values (?, ?, ?, 'waiting', ?, ?)
                on conflict (trigger) where state = 'waiting' do update set due_at = excluded.due_at,
                    causes = owned.trigger_firing.causes + 1, cause = excluded.cause""",
                UUID.randomUUID(), trigger.id(), words, now, now.plusSeconds(trigger.debounceSeconds()));
        return true;
    }

    /** The order that a trigger places. */
    MergeOrder order(Stored trigger) {
        return order(trigger.name(), trigger.recipe(), trigger.options());
    }

    /** The models and adapters that a trigger's recipe names. */
    static List<String> models(Stored trigger) {
        List<String> models = new ArrayList<>();
        for (ModelReference reference : RecipeParser.parse(trigger.recipe(), RECIPE_FILE).orThrow().references().keySet()) {
            models.add(reference.model().path());
            if (reference.lora() != null) {
                models.add(reference.lora().path());
            }
        }
        return models;
    }

    /** Finds a trigger's row in the caller's transaction. */
    Optional<Stored> load(Connection connection, UUID id) throws SQLException {
        return Sql.first(connection, "select * from owned.trigger where id = ?", this::stored, id);
    }

    private Stored load(Connection connection, Caller caller, UUID id) throws SQLException {
        return load(connection, id)
                .filter(trigger -> caller.administrator() || trigger.tenant().equals(caller.tenant()))
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND, "there is no trigger " + id));
    }

    /** What is put into a bucket is told by the causes of firings: only who reads the bucket learns it. */
    private void requireBucket(Caller caller, Condition condition) {
        if (condition instanceof Condition.StoredObject object
                && !models.mayWatch(caller, object.bucket(), object.prefix())) {
            throw new AmalgamException(ErrorCode.FORBIDDEN, "the condition is about objects in " + object.bucket()
                    + (object.prefix() == null ? "" : "/" + object.prefix()) + ", which are not under what the operator has"
                    + " opened to tenants (amalgam.models.buckets)");
        }
    }

    /** Reads a row of the table of triggers. */
    Stored stored(ResultSet row) throws SQLException {
        String notification = row.getString("notification");
        return new Stored(row.getObject("id", UUID.class), row.getString("name"), row.getString("tenant"),
                row.getString("recipe"),
                parse(row.getString("options"), TriggerOrder.Options.class),
                parse(row.getString("condition"), Condition.class),
                notification == null ? null : parse(notification, Notification.class), row.getInt("debounce_seconds"),
                row.getString("seen_artifact"), row.getString("last_artifact"),
                row.getObject("last_score", Double.class), Sql.instant(row, "created_at"),
                Sql.instant(row, "next_check_at"));
    }

    /** Now, as exactly as the database keeps it. */
    static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }

    private MergeOrder order(String name, String recipe, TriggerOrder.Options options) {
        return new MergeOrder(recipe, name.strip(), PlanOptions.service()
                .withMaxShardBytes(options.shardSize() == null ? shardBytes : ByteSize.parse(options.shardSize()))
                .withRandomSeed(options.seed())
                .withStrict(options.strict() != null && options.strict()), options.benchmarks());
    }

    private TriggerView view(Connection connection, Stored trigger) throws SQLException {
        List<TriggerView.Firing> firings = Sql.list(connection,
                "select * from owned.trigger_firing where trigger = ? order by noticed_at desc, id limit ?",
                Triggers::firing, trigger.id(), SHOWN_FIRINGS);
        List<TriggerView.Message> messages = Sql.list(connection, """
                select * from owned.trigger_message where trigger = ? and state <> 'sent'
                order by created_at desc, id limit ?""",
                row -> new TriggerView.Message(row.getString("id"), row.getString("type"), row.getString("target"),
                        row.getString("state"), row.getInt("attempts"), row.getString("error")),
                trigger.id(), SHOWN_FIRINGS);
        return new TriggerView(trigger.id(), trigger.name(), trigger.tenant(), trigger.recipe(), trigger.options(),
                trigger.condition(), trigger.debounceSeconds(),
                trigger.notification() == null ? null : trigger.notification().withoutSecret(), trigger.createdAt(),
                trigger.nextCheckAt(), trigger.lastArtifact(), trigger.lastScore(), firings, messages);
    }

    private static TriggerView.Firing firing(ResultSet row) throws SQLException {
        return new TriggerView.Firing(row.getObject("id", UUID.class), row.getString("cause"), row.getInt("causes"),
                row.getString("state"), Sql.instant(row, "noticed_at"), row.getObject("merge", UUID.class),
                row.getString("artifact"), row.getObject("score", Double.class), row.getString("previous_artifact"),
                row.getObject("previous_score", Double.class), row.getObject("difference", Double.class),
                row.getString("verdict"), row.getString("message"), Sql.instant(row, "finished_at"));
    }

    private <T> T parse(String json, Class<T> type) {
        try {
            return mapper.readValue(json, type);
        } catch (JsonProcessingException malformed) {
            throw new IllegalStateException("a stored trigger is not what it was written as", malformed);
        }
    }

    private String json(Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
