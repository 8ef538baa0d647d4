package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.MessageDigest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/** The keys that administrators have made. */
@ApplicationScoped
public class ApiKeys {

    private static final int LONGEST_NAME = 100;
    private static final int LISTED = 1_000;

    private final Database database;

    /** Takes the database in which they are. */
    public ApiKeys(Database database) {
        this.database = database;
    }

    private record Stored(ApiKey key, byte[] sha256) {
    }

    /**
     * Makes a key.
     *
     * @param expiresAt when it stops, or null
     * @throws AmalgamException with {@code ARGUMENT_INVALID}
     */
    ApiKey.Secret create(String name, String tenant, List<String> roles, Instant expiresAt, Caller by) {
        if (name == null || name.isBlank() || name.length() > LONGEST_NAME
                || name.chars().anyMatch(Character::isISOControl)) {
            throw invalid("name is missing, longer than " + LONGEST_NAME + " characters, or not printable");
        }
        if (!Caller.isTenant(tenant)) {
            throw invalid("tenant is \"" + tenant + "\"; expected 1 to 63 small letters, digits and '-'");
        }
        if (roles == null || roles.isEmpty() || !roles.stream().allMatch(Roles::isKnown)) {
            throw invalid("roles is " + roles + "; expected some of " + Roles.all());
        }
        Instant now = now();
        if (expiresAt != null && !expiresAt.isAfter(now)) {
            throw invalid("expiresAt is " + expiresAt + ", which is past");
        }
        ApiKey.Secret secret = ApiKey.Secret.draw();
        database.transaction(connection -> Sql.update(connection, """
                insert into owned.api_key (id, sha256, name, tenant, roles, created_at, created_by, expires_at)
                values (?, ?, ?, ?, ?, ?, ?, ?)""",
                secret.id(), ApiKey.digest(secret.token()), name.strip(), tenant, roles.stream().distinct().toList(),
                now, by.name(), expiresAt));
        return secret;
    }

    /** Lists keys, the newest first. */
    List<ApiKey> list() {
        return database.read(connection -> Sql.list(connection,
                "select * from owned.api_key order by created_at desc, id limit ?", ApiKeys::key, LISTED));
    }

    /**
     * Revokes a key; again changes nothing.
     *
     * @throws AmalgamException with {@code NOT_FOUND}
     */
    ApiKey revoke(String id) {
        return database.transaction(connection -> {
            Sql.update(connection,
                    "update owned.api_key set revoked_at = ? where id = ? and revoked_at is null", now(), id);
            return Sql.first(connection, "select * from owned.api_key where id = ?", ApiKeys::key, id);
        }).orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND, "there is no key " + id));
    }

    /** Finds the key that a caller presented, if it is one, is right, and is valid now. */
    Optional<ApiKey> authenticate(String token) {
        return ApiKey.idOf(token)
                .flatMap(id -> database.read(connection -> Sql.first(connection,
                        "select * from owned.api_key where id = ?",
                        row -> new Stored(key(row), row.getBytes("sha256")), id)))
                // Compared in constant time, so that nobody finds a key byte by byte.
                .filter(stored -> MessageDigest.isEqual(stored.sha256(), ApiKey.digest(token)))
                .map(Stored::key)
                .filter(key -> key.validAt(Instant.now()));
    }

    private static ApiKey key(ResultSet row) throws SQLException {
        return new ApiKey(row.getString("id"), row.getString("name"), row.getString("tenant"), Sql.texts(row, "roles"),
                Sql.instant(row, "created_at"), row.getString("created_by"), Sql.instant(row, "expires_at"),
                Sql.instant(row, "revoked_at"));
    }

    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }

    private static AmalgamException invalid(String sentence) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, sentence);
    }
}
