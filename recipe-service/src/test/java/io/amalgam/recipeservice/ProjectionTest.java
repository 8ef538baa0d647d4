package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.events.Event;
import io.amalgam.events.Event.ModelPlace.Role;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.ProjectionLag;
import io.amalgam.recipeservice.projection.Projector;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What events do to the projection, in whatever order and however often they come. */
@QuarkusTest
@WithTestResource(LineResource.class)
class ProjectionTest {

    @Inject
    Database database;

    @Inject
    ProjectionSchema schema;

    @Inject
    Projector projector;

    @Inject
    MergeQueries merges;

    @Inject
    ProjectionLag lag;

    /** Tests before this one leave events on the topics: while they are read, rows change that no event here is about. */
    @BeforeEach
    void allIsRead() {
        schema.ensure();
        await().until(() -> lag.state().behind() == 0);
    }

    @Test
    void redeliveredEventsChangeNothing() {
        List<Event> life = life("redelivered");
        apply(life);
        String before = Projections.dump(database, true);
        apply(life);
        Collections.shuffle(life, new Random(7));
        apply(life);
        assertEquals(before, Projections.dump(database, true));
    }

    @Test
    void theOrderInWhichTopicsAreReadDoesNotMatter() {
        List<Event> life = life("reversed");
        apply(life.reversed());
        MergeView merge = find(life);
        assertEquals("completed", merge.state());
        assertEquals("reversed", merge.artifact());
        assertEquals(3, merge.chunksDone());
        assertEquals(3, merge.chunks());
        assertEquals(3000, merge.bytesRead());
        assertEquals(Events.at(1), merge.plannedAt());
        assertEquals(Events.START, merge.requestedAt());
        assertEquals(List.of("boolean_expressions"), merge.benchmarks());
        assertEquals("completed", merge.evaluation().state());
    }

    @Test
    void theFirstTerminalEventWins() {
        Event.MergeRequested request = Events.requested("terminal", 1);
        apply(List.of(request, Events.planned(request, 2),
                new Event.MergeFailed(request.merge(), "terminal", "WORKER_LOST", "chunk 1 lost", Events.at(3)),
                Events.completed(request),
                new Event.MergeCancelled(request.merge(), "terminal", "somebody", "late", Events.at(9))));
        MergeView merge = merges.find(Projections.ALL, UUID.fromString(request.merge())).orElseThrow();
        assertEquals("failed", merge.state());
        assertEquals("WORKER_LOST", merge.error().code());
        assertEquals(Events.at(3), merge.finishedAt());
    }

    @Test
    void eventsOfAMergeAreNumberedWithoutGaps() {
        List<Event> life = life("numbered");
        apply(life);
        List<MergeEventView> events = merges.eventsAfter(Projections.ALL, find(life).id(), 0, 1000);
        assertEquals(IntStream.rangeClosed(1, events.size()).boxed().toList(),
                events.stream().map(MergeEventView::number).toList());
        assertEquals(find(life).lastEvent(), events.size());
        assertEquals("requested", events.getFirst().type());
        assertEquals("evaluation-completed", events.getLast().type());
    }

    @Test
    void aChunkThatFailsAndThenCompletesIsDone() {
        Event.MergeRequested request = Events.requested("retried", 1);
        apply(List.of(request, Events.planned(request, 1),
                new Event.ChunkFailed(request.merge(), 0, 1, "DIGEST_MISMATCH", "no", "worker-2", Events.at(2)),
                new Event.ChunkFailed(request.merge(), 0, 2, "DIGEST_MISMATCH", "no", "worker-3", Events.at(3)),
                Events.chunk(request, 0, 1),
                new Event.ChunkFailed(request.merge(), 0, 3, "DIGEST_MISMATCH", "late", "worker-2", Events.at(4))));
        var chunk = merges.chunks(UUID.fromString(request.merge())).getFirst();
        assertEquals("completed", chunk.state());
        assertEquals("worker-1", chunk.worker());
        assertEquals(2, chunk.attempts());
        assertEquals(1, merges.find(Projections.ALL, UUID.fromString(request.merge())).orElseThrow().chunksDone());
    }

    @Test
    void aRequestThatCameThroughKafkaAloneCountsAsAnAttempt() {
        Event.MergeRequested request = Events.requested("foreign", 1);
        apply(List.of(request));
        int attempts = database.read(connection -> Sql.first(connection,
                "select max(attempt) as attempts from owned.merge_attempt where artifact = ?",
                row -> row.getInt("attempts"), "foreign")).orElseThrow();
        assertEquals(1, attempts);
    }

    @Test
    void aMergeIsSettledWhenItsEvaluationHasEnded() {
        List<Event> life = life("settled");
        List<Event> untilScored = life.stream().filter(event -> !(event instanceof Event.EvaluationCompleted)).toList();
        apply(untilScored);
        assertTrue(find(life).terminal());
        assertFalse(find(life).settled());
        assertEquals(60, find(life).evaluation().questionsDone());
        assertEquals(100, find(life).evaluation().questions());
        apply(life);
        assertTrue(find(life).settled());
    }

    private MergeView find(List<Event> life) {
        return merges.find(Projections.ALL, UUID.fromString(((Event.MergeRequested) life.stream()
                .filter(Event.MergeRequested.class::isInstance).findFirst().orElseThrow()).merge())).orElseThrow();
    }

    private void apply(List<Event> events) {
        Projections.apply(database, projector, events.toArray(Event[]::new));
    }

    /** A merge of three chunks, its artifact and its scores, in the order in which they happen. */
    static List<Event> life(String artifact) {
        Event.MergeRequested request = Events.requested(artifact, 1, "boolean_expressions");
        Event.ModelPlace itself =
                new Event.ModelPlace(request.name(), Events.identity(artifact), "artifacts/" + artifact, Role.ARTIFACT);
        return new ArrayList<>(List.of(
                request,
                Events.planned(request, 3),
                Events.chunk(request, 1, 3),
                Events.progressed(request, 1, 3),
                Events.chunk(request, 0, 3),
                Events.chunk(request, 2, 3),
                Events.progressed(request, 3, 3),
                Events.completed(request),
                Events.artifact(request, Events.parent("one"), Events.parent("two")),
                new Event.EvaluationTaskRequested(artifact, itself, "boolean_expressions", "digest", 0, 60, 100, 1, 1,
                        60, Events.at(5)),
                new Event.EvaluationTaskCompleted(artifact, itself.identity(), "boolean_expressions", "digest", 0, 60,
                        100, "evaluations/x", "worker-1", 60, 1000, Events.at(6)),
                Events.score(artifact, request.name(), Role.ARTIFACT, "boolean_expressions", 0.8),
                Events.compared(artifact, "one", "boolean_expressions", 0.1),
                new Event.EvaluationCompleted(artifact, artifact, List.of(), null, 1, Events.at(8))));
    }
}
