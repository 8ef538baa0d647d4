package io.amalgam.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One order of the load, from its submission to its end. What it asks for follows from the seed; what became of it is
 * noted here.
 */
final class Order {

    /** Where it stands. */
    enum State {
        /** Not yet accepted. */
        UNSENT,
        /** Accepted, and not heard of its end. */
        OPEN,
        /** The merge is complete, and its evaluation if there is to be one. */
        COMPLETED,
        /** Cancelled, as was asked. */
        CANCELLED,
        /** Ended in a way that nothing here explains. */
        WRONG
    }

    /**
     * What is asked for.
     *
     * @param number from 1
     * @param recipe with models' names under the models' root
     * @param shardSize of the output
     * @param benchmarks that the artifact is scored with
     * @param cancelAfterMillis when it is cancelled after it was accepted; negative never
     */
    record Wish(int number, String recipe, String shardSize, List<String> benchmarks, long cancelAfterMillis) {
    }

    private final Wish wish;
    private final List<String> merges = new ArrayList<>();
    private State state = State.UNSENT;
    private String artifact;
    private String note = "";
    private long acceptedNanos;
    private boolean cancellationSent;

    Order(Wish wish) {
        this.wish = wish;
    }

    Wish wish() {
        return wish;
    }

    synchronized State state() {
        return state;
    }

    synchronized String artifact() {
        return artifact;
    }

    /** The merges of its attempts, the newest last. */
    synchronized List<String> merges() {
        return List.copyOf(merges);
    }

    /** What there is to say about a state that is wrong, or about why it is not another one yet. */
    synchronized String note() {
        return note;
    }

    /** An attempt was accepted; what the service said to it. */
    synchronized void accepted(JsonNode submission) {
        String merge = submission.path("id").asText(null);
        if (merge != null && !merges.contains(merge)) {
            merges.add(merge);
        }
        artifact = submission.path("artifact").asText();
        note = "";
        if (state == State.UNSENT) {
            acceptedNanos = System.nanoTime();
            state = State.OPEN;
        }
    }

    /** It could not be taken further for now. */
    synchronized void delayed(String reason) {
        note = reason;
    }

    synchronized void end(State end, String reason) {
        state = end;
        note = reason;
    }

    /** Whether the time to cancel it has come; true until the cancellation has been sent. */
    synchronized boolean cancellationDue() {
        return wish.cancelAfterMillis() >= 0 && !cancellationSent && state == State.OPEN
                && System.nanoTime() - acceptedNanos >= wish.cancelAfterMillis() * 1_000_000;
    }

    synchronized void cancellationSent() {
        cancellationSent = true;
    }
}
