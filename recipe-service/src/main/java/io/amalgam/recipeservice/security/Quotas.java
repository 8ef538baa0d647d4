package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.merge.ByteSize;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * What belongs to a tenant and how much of it there may be.
 *
 * <p>An artifact counts, with the bytes that it takes, for every tenant that has ordered it, though the store has it
 * once: what one tenant pays must not tell what another one has.
 */
@ApplicationScoped
public class Quotas {

    private final Database database;
    private final long bytes;
    private final int merges;
    private final int triggers;

    /** Takes what tenants may have unless an administrator says otherwise. */
    public Quotas(
            Database database, @ConfigProperty(name = "amalgam.quota.bytes", defaultValue = "10TB") String bytes,
            @ConfigProperty(name = "amalgam.quota.merges", defaultValue = "1000") int merges,
            @ConfigProperty(name = "amalgam.quota.triggers", defaultValue = "100") int triggers) {
        this.database = database;
        this.bytes = ByteSize.parse(bytes);
        this.merges = merges;
        this.triggers = triggers;
    }

    /**
     * What a tenant may have and has.
     *
     * @param tenant its name
     * @param bytes the most that its artifacts may take
     * @param bytesUsed what they take, those that are being made included
     * @param merges the most that may run at once
     * @param mergesRunning how many run or wait
     * @param requestsPerMinute the most requests a minute, or null for the service's setting
     */
    public record Quota(
            String tenant, long bytes, long bytesUsed, int merges, int mergesRunning, Integer requestsPerMinute) {
    }

    /** Whether a caller may see an artifact: because its tenant ordered it, or because it may see all. */
    public boolean isGranted(Caller caller, String artifact) {
        return caller.administrator() || database.read(connection -> Sql.first(connection,
                "select 1 from owned.artifact_grant where tenant = ? and artifact = ?", row -> true,
                caller.tenant(), artifact)).isPresent();
    }

    /** Whether a caller's tenant started a merge, or the caller may do everything. */
    public boolean isStarter(Caller caller, UUID merge) {
        return caller.administrator() || database.read(connection -> Sql.first(connection,
                "select 1 from projection.merge where id = ? and tenant = ?", row -> true, merge,
                caller.tenant())).isPresent();
    }

    /**
     * Checks that a caller may end a merge: an order that joined another tenant's merge does not give that.
     *
     * @throws AmalgamException with {@code FORBIDDEN}
     */
    public void requireStarter(Caller caller, UUID merge) {
        if (!isStarter(caller, merge)) {
            throw new AmalgamException(ErrorCode.FORBIDDEN, "merge " + merge + " was started by another tenant, whose order"
                    + " yours has joined; only that tenant or an administrator can end it or read its recipe");
        }
    }

    /** Returns a caller as acting on behalf of the tenant that started a merge; itself if that is not known. */
    public Caller starter(Caller caller, UUID merge) {
        return database.read(connection -> Sql.first(connection, "select tenant from projection.merge where id = ?",
                        row -> row.getString("tenant"), merge))
                .filter(Caller::isTenant)
                .map(tenant -> new Caller(caller.name(), tenant, caller.administrator()))
                .orElse(caller);
    }

    /**
     * Lets a tenant have an artifact, if its bytes fit. Tenants' orders take turns from here to the end of the
     * transaction.
     *
     * @param name what the tenant calls it
     * @param size bytes of the artifact
     * @throws AmalgamException with {@code BYTES_QUOTA_EXCEEDED}
     */
    public void admitBytes(Connection connection, String tenant, String artifact, String name, long size)
            throws SQLException {
        takeTurns(connection, tenant);
        long used = used(connection, tenant, artifact);
        long most = quota(connection, tenant).bytes();
        if (size > most - used) {
            throw new AmalgamException(ErrorCode.BYTES_QUOTA_EXCEEDED, "the artifacts of tenant " + tenant + " take "
                    + used + " bytes and this one " + size + "; " + most
                    + " are allowed. Remove artifacts, or ask an administrator for more");
        }
        Sql.update(connection, """
                insert into owned.artifact_grant (tenant, artifact, name, bytes, granted_at) values (?, ?, ?, ?, ?)
                on conflict (tenant, artifact) do update set bytes = excluded.bytes""",
                tenant, artifact, name, size, now());
    }

    /**
     * Lets a tenant start one more merge; to be called behind {@link #admitBytes}.
     *
     * @throws AmalgamException with {@code QUOTA_EXCEEDED}
     */
    public void admitMerge(Connection connection, String tenant) throws SQLException {
        Quota quota = quota(connection, tenant);
        if (quota.mergesRunning() >= quota.merges()) {
            throw new AmalgamException(ErrorCode.QUOTA_EXCEEDED, "tenant " + tenant + " has " + quota.mergesRunning()
                    + " merges that run or wait; " + quota.merges() + " are allowed at once. Try again when one has ended");
        }
    }

    /**
     * Lets a tenant have one more trigger. Tenants' orders take turns from here to the end of the transaction.
     *
     * @throws AmalgamException with {@code QUOTA_EXCEEDED}
     */
    public void admitTrigger(Connection connection, String tenant) throws SQLException {
        takeTurns(connection, tenant);
        int made = Sql.first(connection, "select count(*) as made from owned.trigger where tenant = ?",
                row -> row.getInt("made"), tenant).orElse(0);
        if (made >= triggers) {
            throw new AmalgamException(ErrorCode.QUOTA_EXCEEDED, "tenant " + tenant + " has " + made + " triggers; "
                    + triggers + " are allowed (amalgam.quota.triggers). Remove one first");
        }
    }

    private static void takeTurns(Connection connection, String tenant) throws SQLException {
        Sql.execute(connection, "select pg_advisory_xact_lock(hashtextextended('tenant:' || ?, 0))", tenant);
    }

    /** Returns what a tenant may have and has. */
    Quota of(String tenant) {
        return database.read(connection -> quota(connection, tenant));
    }

    /** Returns how many requests a minute an administrator lets a tenant send, or null. */
    Integer requestsPerMinute(String tenant) {
        return database.read(connection -> Sql.first(connection,
                "select requests_per_minute from owned.tenant_quota where tenant = ?",
                row -> row.getObject("requests_per_minute", Integer.class), tenant)).orElse(null);
    }

    /** Sets what a tenant may have; null stands for the service's setting. */
    Quota set(String tenant, Long most, Integer atOnce, Integer requestsPerMinute, Caller by) {
        if (!Caller.isTenant(tenant)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "tenant is \"" + tenant + "\"; expected 1 to 63 small letters, digits and '-'");
        }
        if (most != null && most < 0 || atOnce != null && atOnce < 0
                || requestsPerMinute != null && requestsPerMinute < 1) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "bytes and merges must not be below 0, requestsPerMinute not below 1");
        }
        return database.transaction(connection -> {
            Sql.update(connection, """
                    insert into owned.tenant_quota (tenant, bytes, merges, requests_per_minute, changed_at, changed_by)
                    values (?, ?, ?, ?, ?, ?)
                    on conflict (tenant) do update set bytes = excluded.bytes, merges = excluded.merges,
                        requests_per_minute = excluded.requests_per_minute, changed_at = excluded.changed_at,
                        changed_by = excluded.changed_by""",
                    tenant, most, atOnce, requestsPerMinute, now(), by.name());
            return quota(connection, tenant);
        });
    }

    private Quota quota(Connection connection, String tenant) throws SQLException {
        Optional<Quota> own = Sql.first(connection, "select * from owned.tenant_quota where tenant = ?", row -> new Quota(
                tenant,
                row.getObject("bytes") == null ? bytes : row.getLong("bytes"), 0,
                row.getObject("merges") == null ? merges : row.getInt("merges"), 0,
                row.getObject("requests_per_minute", Integer.class)), tenant);
        int running = Sql.first(connection, """
                select count(*) as running from projection.merge
                where tenant = ? and artifact is not null and state in ('requested', 'running')""",
                row -> row.getInt("running"), tenant).orElse(0);
        long used = used(connection, tenant, "");
        return new Quota(tenant, own.map(Quota::bytes).orElse(bytes), used, own.map(Quota::merges).orElse(merges),
                running, own.map(Quota::requestsPerMinute).orElse(null));
    }

    /** The bytes of a tenant's artifacts that exist or are being made, but for one. */
    private static long used(Connection connection, String tenant, String but) throws SQLException {
        return Sql.first(connection, """
                select coalesce(sum(greatest(g.bytes, coalesce(a.bytes, 0))), 0) as used from owned.artifact_grant g
                left join projection.artifact a on a.id = g.artifact
                where g.tenant = ? and g.artifact <> ? and (a.id is not null or exists
                    (select 1 from projection.merge m where m.artifact = g.artifact
                    and m.state in ('requested', 'running')))""",
                row -> row.getLong("used"), tenant, but).orElse(0L);
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }
}
