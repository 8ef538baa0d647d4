package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;

/** Merges that a running line was given. */
final class Merges {
    /** The states that a merge ends in, which are also the types of its last event. */
    static final Set<String> ENDED = Set.of("completed", "failed", "cancelled");

    private Merges() {
    }

    /** Returns what is known of a merge once it has ended; a service that cannot be reached for a while is asked again. */
    static JsonNode awaitEnd(ServiceClient service, String id, Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        JsonNode last = null;
        while (System.nanoTime() < end) {
            try {
                last = service.get("/api/merges/" + id);
                if (ENDED.contains(last.path("state").asText())) {
                    return last;
                }
            } catch (IOException whileItIsAway) {
                // Asked again.
            }
            Thread.sleep(200);
        }
        throw new AssertionError("the merge has not ended: " + last);
    }
}
