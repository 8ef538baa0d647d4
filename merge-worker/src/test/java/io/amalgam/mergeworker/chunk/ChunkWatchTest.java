package io.amalgam.mergeworker.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** When a chunk that is being made is given up. */
class ChunkWatchTest {

    private static final long SIZE = 1_000_000;

    private static ChunkWatch watch(Predicate<Duration> workerStops) {
        return new ChunkWatch(Duration.ofHours(1), SIZE, () -> false, workerStops, read -> { }, written -> { });
    }

    @Test
    void theRateSoFarSaysHowMuchLongerAChunkTakes() throws Exception {
        List<Duration> asked = new ArrayList<>();
        long begun = System.nanoTime();
        ChunkWatch watch = watch(needed -> !asked.add(needed));
        assertFalse(watch.cancelled());
        Thread.sleep(60);
        watch.bytesWritten(SIZE / 10);
        long least = System.nanoTime() - begun;
        assertFalse(watch.cancelled());
        // Nothing written tells nothing; a tenth in that time, the other nine in nine times as much.
        assertEquals(Duration.ZERO, asked.getFirst());
        assertTrue(asked.getLast().toNanos() >= 8 * least, asked.toString());
        Thread.sleep(60);
        watch.bytesWritten(SIZE - SIZE / 10);
        assertFalse(watch.cancelled());
        assertEquals(Duration.ZERO, asked.getLast());
    }

    @Test
    void aChunkThatADrainingWorkerDoesNotWaitForIsGivenUp() throws Exception {
        ChunkWatch watch = watch(needed -> needed.compareTo(Duration.ofMillis(100)) > 0);
        watch.bytesRead(SIZE);
        assertFalse(watch.cancelled());
        Thread.sleep(60);
        watch.bytesWritten(SIZE / 100);
        assertTrue(watch.cancelled());
        assertEquals(ChunkWatch.Reason.WORKER_STOPS, watch.reason());
    }
}
