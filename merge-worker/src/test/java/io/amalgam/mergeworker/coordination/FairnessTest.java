package io.amalgam.mergeworker.coordination;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.Version;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeRequested;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Merges of very different sizes before the same workers: the queue is Kafka's, first in, first out. */
class FairnessTest {

    private static final Instant START = Instant.parse("2026-11-23T12:00:00Z");
    private static final int WINDOW = 64;
    private static final int HUGE = 10_000;
    private static final int SMALL = 8;

    private final Map<String, MergeLine> lines = new HashMap<>();
    private final Map<String, Integer> remaining = new HashMap<>();
    private final Queue<ChunkRequested> queue = new ArrayDeque<>();
    private int made;

    @Test
    void aSmallMergeWaitsForAWindowOfEachOtherMergeAndNotForTheirEnds() {
        begin("huge", HUGE);
        work(500);
        for (int small = 0; small < 20; small++) {
            int before = made;
            String name = "small-" + small;
            begin(name, SMALL);
            while (remaining.get(name) > 0) {
                work(1);
            }
            assertTrue(made - before <= WINDOW + SMALL,
                    name + " waited for " + (made - before) + " chunks; of the huge merge a window of " + WINDOW);
        }
        assertTrue(remaining.get("huge") > HUGE / 2, "the huge merge is far from its end: " + remaining.get("huge"));
    }

    @Test
    void severalHugeMergesAdvanceTogether() {
        for (int merge = 0; merge < 4; merge++) {
            begin("huge-" + merge, HUGE);
        }
        work(4_000);
        for (int merge = 0; merge < 4; merge++) {
            assertEquals(HUGE - 1_000, remaining.get("huge-" + merge), WINDOW, "huge-" + merge);
        }
        assertTrue(queue.size() <= 4 * WINDOW, "what is handed out is bounded: " + queue.size());
    }

    private void begin(String merge, int chunks) {
        MergeRequested request = new MergeRequested(
                merge, 1, "artifact-of-" + merge, merge, "linear", "pinned/x.json", null, List.of(), Version.NUMERICS, START);
        MergeOutline outline = new MergeOutline(
                "artifact-of-" + merge, "plan", "pinned/x.json", new long[chunks], new long[chunks], "artifacts/x", List.of());
        long[] receipts = new long[chunks];
        Arrays.fill(receipts, -1);
        MergeLine line = new MergeLine(request, outline, WINDOW);
        lines.put(merge, line);
        remaining.put(merge, chunks);
        hand(line.start(receipts, null, START));
    }

    /** The next chunks of the queue are made, in its order. */
    private void work(int chunks) {
        for (int i = 0; i < chunks; i++) {
            ChunkRequested chunk = queue.remove();
            made++;
            remaining.merge(chunk.merge(), -1, Integer::sum);
            hand(lines.get(chunk.merge()).on(new ChunkCompleted(
                    chunk.merge(), chunk.index(), chunk.count(), "digest", 1, "worker", 1, 1, false, Version.NUMERICS, START),
                    START));
        }
    }

    private void hand(List<Event> events) {
        for (Event event : events) {
            if (event instanceof ChunkRequested chunk) {
                queue.add(chunk);
            }
        }
    }
}
