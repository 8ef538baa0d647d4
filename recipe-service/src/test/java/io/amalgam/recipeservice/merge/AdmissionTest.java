package io.amalgam.recipeservice.merge;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.EventRoute;
import io.amalgam.recipeservice.Events;
import io.amalgam.recipeservice.LineResource;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.projection.Projector;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@code amalgam.store.capacity}: what artifacts, running merges and a new one may take together. */
@QuarkusTest
@WithTestResource(LineResource.class)
class AdmissionTest {

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    ArtifactStore store;

    @Test
    void aMergeIsRefusedThatArtifactsAndRunningMergesLeaveNoRoomFor() {
        schema.ensure();
        Event.MergeRequested made = Events.requested("admitted", 1);
        apply(made);
        apply(Events.completed(made));
        apply(Events.artifact(made));
        Event.MergeRequested running = Events.requested("running", 1);
        apply(running);
        database.transaction(connection -> Sql.update(connection,
                "update owned.merge_attempt set bytes = 2000 where merge = ?", UUID.fromString(running.merge())));

        database.transaction(connection -> {
            // What other tests have left in the topics is still being read.
            Sql.execute(connection, "set transaction isolation level repeatable read");
            long taken = taken(connection);
            assertTrue(taken >= 4000 + 2000, "bytes of the artifact and of the merge: " + taken);
            Admission admission = new Admission(store, Optional.of(Long.toString(taken + 1000)));
            admission.require(connection, 1000);
            AmalgamException full = assertThrows(AmalgamException.class, () -> admission.require(connection, 1001));
            assertEquals(ErrorCode.STORAGE_FULL, full.code());
            assertTrue(full.getMessage().startsWith("the store may hold "), full.getMessage());
            return null;
        });
        apply(new Event.MergeCancelled(running.merge(), running.artifact(), "me", "", Events.at(9)));
    }

    private static long taken(Connection connection) throws SQLException {
        return Sql.first(connection, """
                        select (select coalesce(sum(bytes), 0) from projection.artifact)
                            + (select coalesce(sum(greatest(a.bytes - m.bytes_written, 0)), 0)
                                from owned.merge_attempt a join projection.merge m on m.id = a.merge
                                where m.state in ('requested', 'running')) as bytes""", row -> row.getLong("bytes"))
                .orElseThrow();
    }

    private void apply(Event event) {
        database.transaction(connection ->
                projector.apply(connection, UUID.fromString(EventRoute.of(event).id()), event));
    }
}
