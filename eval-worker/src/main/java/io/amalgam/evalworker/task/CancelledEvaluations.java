package io.amalgam.evalworker.task;

import io.amalgam.events.Event.EvaluationCancelled;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.EventCodec.Received;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which evaluations have been cancelled, as the scores' log says. Every worker reads all of it, so that slices of a
 * cancelled evaluation stop wherever they are.
 */
public final class CancelledEvaluations {
    private final Map<String, Instant> cancelled = new ConcurrentHashMap<>();

    /** Takes the next event of the log; others than cancellations change nothing. */
    public void accept(Received received) {
        if (received.event() instanceof EvaluationCancelled event) {
            cancelled.merge(event.evaluation(), event.at(), (one, other) -> one.isAfter(other) ? one : other);
        }
    }

    /** Whether work was asked for before its evaluation was cancelled: an artifact may be evaluated anew after that. */
    public boolean contains(EvaluationTaskRequested request) {
        Instant at = cancelled.get(request.evaluation());
        return at != null && !request.at().isAfter(at);
    }
}
