package io.amalgam.mergeworker.coordination;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.Version;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Event.ModelPlace;
import io.amalgam.events.EventCodec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MergeLineTest {

    private static final Instant START = Instant.parse("2026-11-23T12:00:00Z");
    private static final String MERGE = "merge-one";
    private static final String ARTIFACT = "artifact-one";
    /** Twice the shortest deadline: when the first round ends for chunks as small as these. */
    private static final long ROUND = 120;

    @Test
    void handsOutAWindowAndThenOneChunkForEachThatIsDone() {
        MergeLine line = line(10, 4);
        assertEquals(List.of(0, 1, 2, 3), chunks(line.start(missing(10), null, START)));
        assertEquals(4, line.outstanding());
        assertEquals(List.of(4), chunks(line.on(completed(2), at(1))));
        assertEquals(List.of(5), chunks(line.on(completed(0), at(2))));
        assertEquals(4, line.outstanding());
    }

    @Test
    void theSameResultTwiceChangesNothing() {
        MergeLine line = line(3, 3);
        line.start(missing(3), null, START);
        line.on(completed(1), at(1));
        assertEquals(List.of(), line.on(completed(1), at(2)));
        line.on(completed(0), at(3));
        List<Event> events = line.on(completed(2), at(4));
        MergeProgressed progress = only(events, MergeProgressed.class);
        assertEquals(3, progress.chunksDone());
        assertEquals(3 * 1000, progress.bytesWritten());
        assertEquals(3 * 5000, progress.bytesRead());
    }

    @Test
    void theArtifactIsAnnouncedBeforeTheMergeEnds() {
        MergeLine line = line(2, 8);
        line.start(missing(2), null, START);
        line.on(completed(0), at(1));
        assertEquals(1, only(line.on(completed(1), at(2)), AssemblyRequested.class).attempt());
        List<Event> events = line.on(assembled(), at(3));
        assertEquals(ArtifactCompleted.class, events.get(events.size() - 2).getClass());
        assertEquals(MergeCompleted.class, events.getLast().getClass());
        assertEquals(2000, only(events, ArtifactCompleted.class).bytes());
        assertTrue(line.ended());
        assertEquals(List.of(), line.on(assembled(), at(4)));
        assertEquals(List.of(), line.cancel("x", "too late", at(5)));
        assertEquals(List.of(), line.tick(at(100_000), START));
    }

    @Test
    void shardsThatAreThereAlreadyAreNotMadeAgain() {
        MergeLine line = line(4, 8);
        long[] receipts = {1000, -1, 1000, -1};
        List<Event> events = line.start(receipts, null, START);
        assertEquals(List.of(1, 3), chunks(events));
        assertEquals(2, only(events, MergeProgressed.class).chunksDone());
    }

    @Test
    void aMergeWhoseShardsAreAllThereGoesStraightToAssembly() {
        MergeLine line = line(2, 8);
        List<Event> events = line.start(new long[] {1000, 1000}, progress(2), START);
        assertEquals(List.of(), chunks(events));
        only(events, AssemblyRequested.class);
    }

    @Test
    void whoeverTakesOverWaitsForWhatWasHandedOutBeforeHandingItOutAgain() {
        MergeLine line = line(6, 4);
        long[] receipts = {1000, -1, -1, -1, -1, -1};
        List<Event> events = line.start(receipts, progress(4), START);
        assertEquals(List.of(4), chunks(events));
        assertEquals(3, only(events, MergeProgressed.class).chunksRetried());
        assertEquals(70_000, only(events, MergeProgressed.class).bytesRead(), "what was read does not shrink");
        assertEquals(List.of(1, 2, 3, 4), chunks(line.tick(at(ROUND), START)));
    }

    @Test
    void whatAnAuthorMustMendFailsAtOnce() {
        MergeLine line = line(3, 3);
        line.start(missing(3), null, START);
        MergeFailed failed = only(line.on(failure(1, 1, "MODEL_CHANGED"), at(1)), MergeFailed.class);
        assertEquals("MODEL_CHANGED", failed.code());
        assertTrue(line.ended());
        assertEquals(List.of(), line.on(completed(0), at(2)));
    }

    @Test
    void aFaultIsTriedThreeTimesCountedInTheRecord() {
        MergeLine line = line(3, 3);
        line.start(missing(3), null, START);
        ChunkRequested second = only(line.on(failure(1, 1, "DEADLINE_EXCEEDED"), at(1)), ChunkRequested.class);
        assertEquals(2, second.attempt());
        assertEquals(List.of(), chunks(line.on(failure(1, 1, "DEADLINE_EXCEEDED"), at(2))), "a repetition counts once");
        assertEquals(3, only(line.on(failure(1, 2, "INTERNAL"), at(3)), ChunkRequested.class).attempt());
        assertEquals("INTERNAL", only(line.on(failure(1, 3, "INTERNAL"), at(4)), MergeFailed.class).code());
    }

    @Test
    void aFailureOfAChunkThatAnotherWorkerHasDoneIsNoFailure() {
        MergeLine line = line(3, 3);
        line.start(missing(3), null, START);
        line.on(completed(1), at(1));
        assertEquals(List.of(), line.on(failure(1, 1, "MODEL_CHANGED"), at(2)));
        assertFalse(line.ended());
    }

    @Test
    void aChunkThatKillsItsWorkersEndsTheMerge() {
        MergeLine line = line(2, 2);
        line.start(missing(2), null, START);
        assertEquals("WORKER_LOST", only(line.on(failure(0, 1, "WORKER_LOST"), at(1)), MergeFailed.class).code());
    }

    @Test
    void shardsOfAnotherNumericsVersionEndTheMerge() {
        MergeLine line = line(2, 2);
        line.start(missing(2), null, START);
        ChunkCompleted other = new ChunkCompleted(
                MERGE, 0, 2, "00", 1000, "w", 5000, 10, false, Version.NUMERICS + 1, START);
        assertEquals("NUMERICS_MISMATCH", only(line.on(other, at(1)), MergeFailed.class).code());
    }

    @Test
    void withoutAnyResultItIsStalledAfterThreeRounds() {
        MergeLine line = line(4, 2);
        line.start(missing(4), null, START);
        assertEquals(List.of(), chunks(line.tick(at(ROUND - 1), START.minusSeconds(1))));
        assertEquals(List.of(0, 1), chunks(line.tick(at(ROUND), START.minusSeconds(1))));
        ChunkRequested again = assertInstanceOf(
                ChunkRequested.class, line.tick(at(ROUND + 2 * ROUND), START.minusSeconds(1)).getFirst());
        assertEquals(3, again.round());
        List<Event> last = line.tick(at(ROUND + 2 * ROUND + 4 * ROUND), START.minusSeconds(1));
        assertEquals("STALLED", only(last, MergeFailed.class).code());
    }

    @Test
    void whileTheLineMovesWaitingIsNotStalling() {
        MergeLine line = line(4, 2);
        line.start(missing(4), null, START);
        for (long second = 0; second < 100_000; second += 10) {
            for (Event event : line.tick(at(second), at(second))) {
                assertFalse(event instanceof MergeFailed, event.toString());
            }
        }
    }

    @Test
    void anyResultBeginsTheRoundsAnew() {
        MergeLine line = line(3, 3);
        line.start(missing(3), null, START);
        line.tick(at(ROUND), START);
        line.tick(at(3 * ROUND), START);
        line.on(completed(0), at(3 * ROUND + 1));
        assertEquals(List.of(), line.tick(at(4 * ROUND), START).stream().filter(MergeFailed.class::isInstance).toList());
        assertEquals(List.of(1, 2), chunks(line.tick(at(4 * ROUND + 1), START)));
    }

    @Test
    void theTimeOfAnOutageDoesNotCount() {
        MergeLine line = line(2, 2);
        line.start(missing(2), null, START);
        for (long second = 0; second < 10_000; second++) {
            line.forgive(at(second));
            assertEquals(List.of(), chunks(line.tick(at(second), START)));
        }
    }

    @Test
    void aLostAssemblyIsAskedForAgainAndAFailingOneEndsTheMerge() {
        MergeLine line = line(1, 1);
        line.start(missing(1), null, START);
        line.on(completed(0), at(0));
        assertEquals(2, only(line.tick(at(240), START), AssemblyRequested.class).round());
        assertEquals(2, only(line.on(assemblyFailed(1), at(241)), AssemblyRequested.class).attempt());
        assertEquals(3, only(line.on(assemblyFailed(2), at(242)), AssemblyRequested.class).attempt());
        assertEquals("DIGEST_MISMATCH", only(line.on(assemblyFailed(3), at(243)), MergeFailed.class).code());
    }

    @Test
    void cancellationEndsItOnce() {
        MergeLine line = line(100, 10);
        line.start(missing(100), null, START);
        assertEquals("me", only(line.cancel("me", "wrong recipe", at(1)), MergeCancelled.class).by());
        assertEquals(List.of(), line.cancel("me", "wrong recipe", at(2)));
        assertEquals(List.of(), line.on(completed(0), at(3)));
        assertEquals(0, line.outstanding());
    }

    @Test
    void resultsOfChunksThatDoNotExistAreIgnored() {
        MergeLine line = line(2, 2);
        line.start(missing(2), null, START);
        assertEquals(List.of(), line.on(completed(2), at(1)));
        assertEquals(List.of(), line.on(completed(-1), at(1)));
        assertEquals(List.of(), line.on(failure(7, 1, "INTERNAL"), at(1)));
    }

    @Test
    void theAnnouncementOfAnArtifactWithManyParentsFitsAnEvent() {
        List<ModelPlace> models = new ArrayList<>();
        models.add(new ModelPlace("twin", "artifact:x", "artifacts/x", ModelPlace.Role.ARTIFACT));
        for (int i = 0; i < 500; i++) {
            models.add(new ModelPlace("models/parent-" + i, "local:sha256:" + "0".repeat(64), "models/parent-" + i,
                    ModelPlace.Role.PARENT));
        }
        MergeLine line = new MergeLine(request(), outline(1, models), 1);
        line.start(missing(1), null, START);
        line.on(completed(0), at(1));
        ArtifactCompleted announced = only(line.on(assembled(), at(2)), ArtifactCompleted.class);
        assertTrue(EventCodec.json(announced).length <= EventCodec.MAXIMUM_BYTES);
        assertEquals(ModelPlace.Role.ARTIFACT, announced.models().getFirst().role());
        assertTrue(announced.models().size() > 20);
    }

    /** Results lost, repeated and reordered, coordinators replaced: one end, and every chunk made, by any order. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void endsOnceWhateverIsLostRepeatedOrTakenOver(long seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(200);
        int window = 1 + random.nextInt(80);
        Set<Integer> receipts = new HashSet<>();
        List<Event> queue = new ArrayList<>();
        int terminals = 0;
        MergeProgressed last = null;
        MergeLine line = line(count, window);
        List<Event> out = line.start(missing(count), null, START);
        for (long second = 1; terminals == 0; second++) {
            assertTrue(second < 2_000_000, "it never ends");
            for (Event event : out) {
                if (event instanceof MergeProgressed progress) {
                    last = progress;
                } else if (event instanceof MergeCompleted || event instanceof MergeFailed) {
                    assertInstanceOf(MergeCompleted.class, event);
                    terminals++;
                } else if (random.nextInt(10) > 0) {
                    queue.add(event);
                    if (random.nextInt(10) == 0) {
                        queue.add(random.nextInt(queue.size()), event);
                    }
                }
            }
            assertTrue(line.outstanding() <= Math.max(window, last.chunksPublished()));
            if (random.nextInt(50) == 0 && terminals == 0) {
                line = line(count, window);
                long[] there = missing(count);
                receipts.forEach(chunk -> there[chunk] = 1000);
                out = line.start(there, last, at(second));
            } else if (!queue.isEmpty()) {
                out = new ArrayList<>(work(queue.remove(random.nextInt(queue.size())), receipts, line, at(second), random));
                out.addAll(line.tick(at(second), at(second)));
            } else {
                second += 100;
                out = line.tick(at(second), at(second));
            }
        }
        assertEquals(count, receipts.size());
        assertEquals(1, terminals);
    }

    private static List<Event> work(Event event, Set<Integer> receipts, MergeLine line, Instant now, Random random) {
        switch (event) {
            case ChunkRequested request -> {
                receipts.add(request.index());
                return random.nextInt(10) == 0 ? List.of() : line.on(completed(request.index()), now);
            }
            case AssemblyRequested request -> {
                return line.on(assembled(), now);
            }
            default -> {
                return List.of();
            }
        }
    }

    private static MergeLine line(int count, int window) {
        return new MergeLine(request(), outline(count, List.of()), window);
    }

    private static MergeRequested request() {
        return new MergeRequested(
                MERGE, 1, ARTIFACT, "twin", "linear", "pinned/x.json", null, List.of("ordering"), Version.NUMERICS, START);
    }

    private static MergeOutline outline(int count, List<ModelPlace> models) {
        long[] read = new long[count];
        long[] write = new long[count];
        Arrays.fill(read, 5000);
        Arrays.fill(write, 900);
        return new MergeOutline(ARTIFACT, "plan", "pinned/x.json", read, write, "artifacts/" + ARTIFACT, models);
    }

    private static long[] missing(int count) {
        long[] receipts = new long[count];
        Arrays.fill(receipts, -1);
        return receipts;
    }

    private static MergeProgressed progress(int published) {
        return new MergeProgressed(MERGE, 0, 10, 3, 70_000, 0, published, START);
    }

    private static ChunkCompleted completed(int index) {
        return new ChunkCompleted(MERGE, index, 10, "00", 1000, "w", 5000, 10, false, Version.NUMERICS, START);
    }

    private static ChunkFailed failure(int index, int attempt, String code) {
        return new ChunkFailed(MERGE, index, attempt, code, "because", "w", START);
    }

    private static AssemblyCompleted assembled() {
        return new AssemblyCompleted(MERGE, ARTIFACT, "artifacts/" + ARTIFACT, "00", "w", START);
    }

    private static AssemblyFailed assemblyFailed(int attempt) {
        return new AssemblyFailed(MERGE, attempt, "DIGEST_MISMATCH", "a receipt is missing", "w", START);
    }

    private static Instant at(long second) {
        return START.plusSeconds(second);
    }

    private static List<Integer> chunks(List<Event> events) {
        return events.stream()
                .filter(ChunkRequested.class::isInstance)
                .map(event -> ((ChunkRequested) event).index())
                .toList();
    }

    private static <E extends Event> E only(List<Event> events, Class<E> type) {
        List<E> found = events.stream().filter(type::isInstance).map(type::cast).toList();
        assertEquals(1, found.size(), () -> type.getSimpleName() + " in " + events);
        return found.getFirst();
    }
}
