package io.amalgam.mergeworker.coordination;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** How many workers there are, as far as their results tell: it decides how many chunks of a merge are handed out. */
public final class WorkerCensus {

    private static final Duration MEMORY = Duration.ofMinutes(10);
    private static final int SMALLEST_WINDOW = 64;
    private static final int CHUNKS_PER_WORKER = 4;

    private final Map<String, Instant> lastSeen = new HashMap<>();

    /** A worker gave a result. */
    public synchronized void seen(String worker, Instant now) {
        lastSeen.put(worker, now);
    }

    /** How many chunks of a merge are handed out at a time: enough for all workers, few enough to be fair. */
    public synchronized int window(Instant now) {
        lastSeen.values().removeIf(seen -> seen.plus(MEMORY).isBefore(now));
        return Math.max(SMALLEST_WINDOW, CHUNKS_PER_WORKER * lastSeen.size());
    }
}
