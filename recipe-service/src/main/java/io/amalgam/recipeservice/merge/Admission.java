package io.amalgam.recipeservice.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.recipeservice.database.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Whether there is room for another merge, beside what those that run have yet to write. */
@ApplicationScoped
public class Admission {

    private final ArtifactStore store;
    private final Optional<Long> capacity;

    /**
     * Takes the store.
     *
     * @param capacity the most that artifacts and running merges may take together, as {@code 2TB}; unless given, what
     *     the store itself has room for
     */
    public Admission(
            ArtifactStore store, @ConfigProperty(name = "amalgam.store.capacity") Optional<String> capacity) {
        this.store = store;
        this.capacity = capacity.map(ByteSize::parse);
    }

    /**
     * Refuses a merge that there is no room for.
     *
     * @param bytes that it will write
     * @throws AmalgamException with {@code STORAGE_FULL}
     */
    void require(Connection connection, long bytes) throws SQLException {
        long reserved = Sql.first(connection, """
                select coalesce(sum(greatest(a.bytes - m.bytes_written, 0)), 0) as bytes
                from owned.merge_attempt a join projection.merge m on m.id = a.merge
                where m.state in ('requested', 'running')""", row -> row.getLong("bytes")).orElse(0L);
        store.requireSpace(bytes + reserved);
        if (capacity.isPresent()) {
            long used = Sql.first(connection, "select coalesce(sum(bytes), 0) as bytes from projection.artifact",
                    row -> row.getLong("bytes")).orElse(0L);
            if (used + reserved + bytes > capacity.get()) {
                throw new AmalgamException(ErrorCode.STORAGE_FULL, String.format(
                        "the store may hold %.1f MB: artifacts have %.1f MB, running merges will have written %.1f MB more,"
                                + " and %.1f MB are needed; delete artifacts, or submit the recipe again later",
                        capacity.get() / 1e6, used / 1e6, reserved / 1e6, bytes / 1e6));
            }
        }
    }
}
