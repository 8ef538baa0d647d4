package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.store.Manifest;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Topics;
import io.amalgam.mergeworker.chunk.ShardMaker;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Coordinators and workers that stop in the middle of a merge, and others that go on. */
@Timeout(180)
class TakeoverTest extends PartsOfTheLine {

    @Test
    void aCoordinatorThatTakesOverGoesOnWhereTheOtherWas() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.25, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        Semaphore permits = new Semaphore(3);
        ShardMaker engine = engine();
        ShardMaker limited = (slice, listener, computed) -> {
            while (!permits.tryAcquire()) {
                if (listener.cancelled()) {
                    throw new AmalgamException(ErrorCode.CANCELLED, "the test's worker stops");
                }
                Thread.onSpinWait();
            }
            return engine.make(slice, listener, computed);
        };
        int chunks;
        try (OneWorker worker = new OneWorker("first", limited)) {
            try (OneCoordinator first = new OneCoordinator()) {
                first.request(request);
                Line.await(() -> worker.made.get() == 3);
            }
            MergePlanned planned = line.events(
                    Topics.MERGES, MergePlanned.class, event -> event.request().merge().equals(request.merge())).getFirst();
            chunks = planned.chunks();
            assertTrue(chunks > 5);
            assertEquals(List.of(), line.ends(request.merge()));
            try (OneCoordinator second = new OneCoordinator()) {
                permits.release(1_000);
                assertInstanceOf(MergeCompleted.class, line.awaitEnd(request.merge()));
                // The same request once more, as Kafka would deliver it had the first coordinator not committed it.
                second.request(request);
            }
            assertEquals(chunks, worker.made.get(), "no shard is made twice");
        }
        assertEquals(1, line.ends(request.merge()).size());
        assertEquals(1, line.events(
                Topics.MERGES, MergePlanned.class, event -> event.request().merge().equals(request.merge())).size());
        assertEquals(chunks, line.events(
                Topics.MERGE_CHUNKS, ChunkRequested.class, event -> event.merge().equals(request.merge())).size(),
                "what was handed out is waited for and not handed out again");
        Manifest alone = line.mergeWithoutLine(pinned, folder.resolve("alone"));
        assertEquals(alone, line.store().manifest(pinned.artifactKey()).orElseThrow());
    }

    @Test
    void whatTheLastWorkerLeftIsDoneByTheNextOne() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.3, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        try (OneCoordinator coordinator = new OneCoordinator()) {
            coordinator.request(request);
            Line.await(() -> !line.events(
                    Topics.MERGE_CHUNKS, ChunkRequested.class, event -> event.merge().equals(request.merge())).isEmpty());
            CopyOnWriteArrayList<Integer> made = new CopyOnWriteArrayList<>();
            ShardMaker engine = engine();
            ShardMaker slow = (slice, listener, computed) -> {
                made.add(slice.chunk().index());
                while (made.size() > 2) {
                    if (listener.cancelled()) {
                        throw new AmalgamException(ErrorCode.CANCELLED, "the test's worker stops");
                    }
                    Thread.onSpinWait();
                }
                return engine.make(slice, listener, computed);
            };
            try (OneWorker first = new OneWorker("stopped", slow)) {
                Line.await(() -> made.size() == 3);
            }
            assertEquals(List.of(), line.ends(request.merge()));
            try (OneWorker next = new OneWorker("next", engine)) {
                assertInstanceOf(MergeCompleted.class, line.awaitEnd(request.merge()));
            }
        }
        assertEquals(line.mergeWithoutLine(pinned, folder.resolve("alone-2")),
                line.store().manifest(pinned.artifactKey()).orElseThrow());
    }

    @Test
    void anOutageOfTheSourceIsWaitedOutAndAFaultIsCounted() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.35, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        AtomicInteger outages = new AtomicInteger();
        AtomicInteger faults = new AtomicInteger();
        ShardMaker engine = engine();
        ShardMaker troubled = (slice, listener, computed) -> {
            if (slice.chunk().index() == 0 && outages.getAndIncrement() < 2) {
                throw new AmalgamException(ErrorCode.SOURCE_UNAVAILABLE, "the source does not answer");
            }
            if (slice.chunk().index() == 1 && faults.getAndIncrement() < 2) {
                throw new IllegalStateException("a fault that passes");
            }
            return engine.make(slice, listener, computed);
        };
        try (OneCoordinator coordinator = new OneCoordinator();
                OneWorker worker = new OneWorker("troubled", troubled)) {
            coordinator.request(request);
            assertInstanceOf(MergeCompleted.class, line.awaitEnd(request.merge()));
        }
        assertEquals(List.of(1, 2, 3), line.events(Topics.MERGE_CHUNKS, ChunkRequested.class,
                event -> event.merge().equals(request.merge()) && event.index() == 1).stream()
                .map(ChunkRequested::attempt).toList());
        assertEquals(1, line.events(Topics.MERGE_CHUNKS, ChunkRequested.class,
                event -> event.merge().equals(request.merge()) && event.index() == 0).size());
        assertTrue(outages.get() >= 3);
    }

    @Test
    void aFaultThatStaysEndsTheMergeAfterThreeAttempts() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.4, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        ShardMaker broken = (slice, listener, computed) -> {
            throw new IllegalStateException("a fault that stays");
        };
        try (OneCoordinator coordinator = new OneCoordinator(); OneWorker worker = new OneWorker("broken", broken)) {
            coordinator.request(request);
            MergeFailed failed = assertInstanceOf(MergeFailed.class, line.awaitEnd(request.merge()));
            assertEquals("INTERNAL", failed.code());
            assertTrue(failed.message().contains("a fault that stays"), failed.message());
        }
        assertEquals(List.of(), line.events(
                Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals(request.merge())));
        assertTrue(line.store().manifest(pinned.artifactKey()).isEmpty());
    }
}
