package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.plan.MergePlan;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.engine.plan.PlanJson;
import io.amalgam.engine.plan.Planner;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCancellationRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventRoute;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkQueue.Held;
import io.amalgam.events.work.WorkQueue.Slot;
import io.amalgam.mergeworker.chunk.ShardMaker;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a worker says of chunks and assemblies that it cannot do, and when it leaves off. */
@Timeout(120)
class MergeWorkTest extends PartsOfTheLine {

    private static final double WEIGHT = 0.6;

    @Test
    void aChunkOfAnOlderNumericsVersionFails() throws Exception {
        try (OneWorker worker = new OneWorker("newer", engine())) {
            line.publish(chunk("merge-older", 0, Version.NUMERICS - 1, 60));
            assertEquals("NUMERICS_MISMATCH", failure("merge-older").code());
        }
    }

    @Test
    void aWorkerThatIsOutdatedGivesBackAndTakesNoMore() throws Exception {
        ChunkRequested newer = chunk("merge-newer", 0, Version.NUMERICS + 1, 60);
        try (OneWorker worker = new OneWorker("outdated", engine())) {
            line.publish(newer);
            Line.await(() -> worker.work.outdatedBy() == Version.NUMERICS + 1);
            Line.await(() -> worker.loop.held() == 0 && worker.loop.outage());
            line.publish(chunk("merge-after", 0, Version.NUMERICS, 60));
            Thread.sleep(1_000);
            assertEquals(List.of(), line.events(
                    Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals("merge-after")));
        }
        // Both records are still there for workers that can do them, maybe behind some of merges that others began.
        Set<String> left = new HashSet<>(Set.of("merge-newer", "merge-after"));
        try (Slot slot = new ShareGroupQueue(connection, Topics.CHUNK_WORKERS).open()) {
            while (!left.isEmpty()) {
                Held held = take(slot);
                if (assertInstanceOf(Received.class, EventCodec.decode(held.record())).event() instanceof ChunkRequested chunk) {
                    left.remove(chunk.merge());
                }
                slot.accept(held);
            }
        }
    }

    @Test
    void aChunkThatThreeWorkersDiedWithIsGivenUp() throws Exception {
        line.publish(chunk("merge-lost", 0, Version.NUMERICS, 60));
        AtomicInteger deaths = new AtomicInteger();
        ShardMaker deadly = (slice, listener, computed) -> {
            deaths.incrementAndGet();
            // It takes the slot with it, as it would a process: nothing is published, and the broker gives the record on.
            throw new StackOverflowError("the worker dies");
        };
        for (int death = 1; death <= 3; death++) {
            int expected = death;
            try (OneWorker worker = new OneWorker("victim-" + death, deadly, 1)) {
                Line.await(() -> deaths.get() == expected && !worker.loop.alive());
            }
            assertTrue(failures("merge-lost").isEmpty());
        }
        try (OneWorker worker = new OneWorker("wary", deadly)) {
            ChunkFailed failed = failure("merge-lost");
            assertEquals("WORKER_LOST", failed.code());
            assertTrue(failed.message().startsWith("3 workers died or hung with chunk 1"), failed.message());
        }
        assertEquals(3, deaths.get());
    }

    @Test
    void anAssemblyThatIsDoneIsToldHoweverManyWorkersDiedAfterIt() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.66, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergePlan plan = Planner.plan(pinned);
        for (int index = 0; index < plan.chunks().size(); index++) {
            engine().make(plan.slice(index), ExecutionListener.NONE, () -> { });
        }
        line.store().assemble(plan, pinned);
        // Two have begun it again, and died before they could tell.
        String marks = "begun/merge-told/assembly";
        line.store().put(marks, new byte[2]);
        line.publish(new AssemblyRequested(
                "merge-told", pinned.artifactKey(), plan.digest(), plan.chunks().size(),
                ArtifactStore.pinnedLocation(pinned.artifactKey()), Version.NUMERICS, 1, 1, 60, Instant.now()));
        try (Slot slot = new ShareGroupQueue(connection, Topics.CHUNK_WORKERS).open()) {
            slot.release(take(slot));
        }
        try (OneWorker worker = new OneWorker("herald", engine())) {
            Line.await(() -> !line.events(Topics.CHUNK_RESULTS, AssemblyCompleted.class,
                    event -> event.merge().equals("merge-told")).isEmpty());
            Line.await(() -> worker.loop.held() == 0);
        }
        assertTrue(line.store().get(marks, 10).isEmpty());
    }

    @Test
    void aRecordThatWasFetchedOftenAndNeverBegunIsNotGivenUp() throws Exception {
        line.publish(chunk("merge-unlucky", 1, Version.NUMERICS, 60));
        try (Slot slot = new ShareGroupQueue(connection, Topics.CHUNK_WORKERS).open()) {
            for (int delivery = 1; delivery <= 3; delivery++) {
                Held held = take(slot);
                assertTrue(held.deliveries() >= delivery);
                slot.release(held);
            }
        }
        try (OneWorker worker = new OneWorker("patient", engine())) {
            Line.await(() -> !line.events(Topics.CHUNK_RESULTS, ChunkCompleted.class,
                    event -> event.merge().equals("merge-unlucky")).isEmpty());
        }
        assertTrue(failures("merge-unlucky").isEmpty());
    }

    @Test
    void theNextShardIsComputedWhileOneIsMadeSafe() throws Exception {
        CountDownLatch begun = new CountDownLatch(2);
        ShardMaker engine = engine();
        ShardMaker slowToStore = (slice, listener, computed) -> {
            begun.countDown();
            return engine.make(slice, listener, () -> {
                computed.run();
                // The first shard has no receipt before the second one is begun.
                while (begun.getCount() > 0) {
                    Thread.onSpinWait();
                }
            });
        };
        try (OneWorker worker = new OneWorker("overlapping", slowToStore)) {
            for (int index = 0; index < 2; index++) {
                line.publish(chunk("merge-overlapping", 0.61, index, Version.NUMERICS, 60));
            }
            Line.await(() -> line.events(Topics.CHUNK_RESULTS, ChunkCompleted.class,
                    event -> event.merge().equals("merge-overlapping")).size() == 2);
        }
        assertTrue(failures("merge-overlapping").isEmpty());
    }

    @Test
    void aChunkPastItsDeadlineIsStoppedAndFails() throws Exception {
        ShardMaker endless = (slice, listener, computed) -> {
            while (!listener.cancelled()) {
                listener.bytesRead(1);
                Thread.onSpinWait();
            }
            throw new AmalgamException(ErrorCode.CANCELLED, "cancelled");
        };
        try (OneWorker worker = new OneWorker("slow", endless)) {
            line.publish(chunk("merge-slow", 0, Version.NUMERICS, 1));
            assertEquals("DEADLINE_EXCEEDED", failure("merge-slow").code());
        }
    }

    @Test
    void aPlanThatIsMissingOrAnothersFailsTheChunk() throws Exception {
        try (OneWorker worker = new OneWorker("careful", engine())) {
            ChunkRequested chunk = chunk("merge-missing", 0, Version.NUMERICS, 60);
            line.publish(new ChunkRequested(
                    chunk.merge(), chunk.artifact(), chunk.plan(), 0, chunk.count(), "plans/none/chunk-00000.json",
                    chunk.numerics(), 1, 1, 1, 60, Instant.now()));
            assertEquals("INTERNAL", failure("merge-missing").code());
            line.publish(new ChunkRequested(
                    "merge-other", chunk.artifact(), chunk.plan(), 1, chunk.count(), chunk.slice(), chunk.numerics(), 1,
                    1, 1, 60, Instant.now()));
            ChunkFailed failed = failure("merge-other");
            assertEquals("DIGEST_MISMATCH", failed.code());
            assertTrue(failed.message().contains("holds chunk 0 of plan"), failed.message());
        }
    }

    @Test
    void anAssemblyWithoutItsShardsFailsAndPublishesNothing() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.65, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergePlan plan = Planner.plan(pinned);
        try (OneWorker worker = new OneWorker("assembler", engine())) {
            line.publish(new AssemblyRequested(
                    "merge-bare", pinned.artifactKey(), plan.digest(), plan.chunks().size(),
                    ArtifactStore.pinnedLocation(pinned.artifactKey()), Version.NUMERICS, 1, 1, 60, Instant.now()));
            Line.await(() -> !line.events(Topics.CHUNK_RESULTS, AssemblyFailed.class,
                    event -> event.merge().equals("merge-bare")).isEmpty());
        }
        AssemblyFailed failed = line.events(
                Topics.CHUNK_RESULTS, AssemblyFailed.class, event -> event.merge().equals("merge-bare")).getFirst();
        assertEquals("DIGEST_MISMATCH", failed.code());
        assertTrue(line.store().manifest(pinned.artifactKey()).isEmpty());
    }

    @Test
    void cancellationStopsAChunkThatRunsWithinSeconds() throws Exception {
        PinnedRecipe pinned = line.pin(Line.recipe(0.7, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergeRequested request = Line.request(pinned, 1);
        CountDownLatch running = new CountDownLatch(1);
        AtomicLong stoppedAt = new AtomicLong();
        ShardMaker waiting = (slice, listener, computed) -> {
            running.countDown();
            while (!listener.cancelled()) {
                listener.bytesRead(1);
                Thread.onSpinWait();
            }
            stoppedAt.compareAndSet(0, System.nanoTime());
            throw new AmalgamException(ErrorCode.CANCELLED, "cancelled");
        };
        try (OneCoordinator coordinator = new OneCoordinator(); OneWorker worker = new OneWorker("cancelled", waiting)) {
            coordinator.request(request);
            running.await();
            long asked = System.nanoTime();
            MergeCancellationRequested cancellation =
                    new MergeCancellationRequested(request.merge(), "somebody", "enough", Instant.now());
            coordinator.coordinator.deliver(EventRoute.of(cancellation).partition(),
                    new Received(cancellation, "id", "test", Instant.now(), TraceContext.start()), () -> { });
            assertInstanceOf(MergeCancelled.class, line.awaitEnd(request.merge()));
            Line.await(() -> stoppedAt.get() != 0);
            long millis = TimeUnit.NANOSECONDS.toMillis(stoppedAt.get() - asked);
            assertTrue(millis < 5_000, "stopped after " + millis + " ms");
            Line.await(() -> worker.loop.held() == 0);
        }
        assertEquals(List.of(), line.events(
                Topics.CHUNK_RESULTS, ChunkCompleted.class, event -> event.merge().equals(request.merge())));
        assertFalse(line.store().manifest(pinned.artifactKey()).isPresent());
    }

    /** A chunk whose slice is in the store, of a merge that nobody coordinates. */
    private static ChunkRequested chunk(String merge, int index, int numerics, long deadlineSeconds) {
        return chunk(merge, WEIGHT, index, numerics, deadlineSeconds);
    }

    private static ChunkRequested chunk(String merge, double weight, int index, int numerics, long deadlineSeconds) {
        PinnedRecipe pinned = line.pin(Line.recipe(weight, "ordering-expert", "navigation-expert"), Line.SHARD_BYTES);
        MergePlan plan = Planner.plan(pinned);
        String location = ArtifactStore.chunkLocation(plan.digest(), index);
        line.store().put(location, PlanJson.write(plan.slice(index)));
        return new ChunkRequested(
                merge, pinned.artifactKey(), plan.digest(), index, plan.chunks().size(), location, numerics, 1, 1, 1,
                deadlineSeconds, Instant.now());
    }

    private static ChunkFailed failure(String merge) throws InterruptedException {
        Line.await(() -> !failures(merge).isEmpty());
        return failures(merge).getFirst();
    }

    private static List<ChunkFailed> failures(String merge) {
        return line.events(Topics.CHUNK_RESULTS, ChunkFailed.class, event -> event.merge().equals(merge));
    }

    private static Held take(Slot slot) {
        Optional<Held> held = Optional.empty();
        while (held.isEmpty()) {
            held = slot.poll(Duration.ofMillis(500));
        }
        return held.get();
    }
}
