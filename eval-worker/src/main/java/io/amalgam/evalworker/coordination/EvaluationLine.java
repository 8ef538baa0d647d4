package io.amalgam.evalworker.coordination;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evalworker.coordination.EvaluationPlan.PlannedTask;
import io.amalgam.evalworker.coordination.EvaluationPlan.Slice;
import io.amalgam.evalworker.task.Slices;
import io.amalgam.events.Event;
import io.amalgam.events.Event.EvaluationCancelled;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.Event.ModelPlace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One evaluation, as its coordinator sees it: events in, events to publish out. It holds no connection and no clock, and
 * it bears every repetition.
 *
 * <p>It hands out at most a window of slices at a time and hands them out again when nothing comes back. A model's score
 * on a task is due when all of that task's slices are answered, a comparison when both models have scores; the
 * evaluation ends when every slice is answered or has failed.
 */
public final class EvaluationLine {

    /** Deterministic failures of a slice until it has failed for good. */
    static final int ATTEMPTS = 3;
    /** Rounds without any result until a slice has failed for good. */
    static final int ROUNDS = 3;
    /** Slices that are handed out at a time: other evaluations get their share. */
    static final int WINDOW = 64;

    /** What can read results and make scores of them. */
    public interface Scoring {

        /** Whether all answers of a slice are in the store. */
        boolean answered(Slice slice);

        /** The score of a model on a task, all of whose answers are in the store. */
        Event score(EvaluationPlan plan, ModelPlace model, PlannedTask task, Instant now);

        /** The comparison of the artifact with another model, both of which have answered a task. */
        Event compare(EvaluationPlan plan, ModelPlace other, PlannedTask task, Instant now);
    }

    private enum State { WAITING, HANDED_OUT, ANSWERED, FAILED }

    /** What is known of a slice. */
    private static final class Entry {
        private State state = State.WAITING;
        private int attempt = 1;
        private int round = 1;
        private Instant heard = Instant.EPOCH;
    }

    /** What tells slices apart in results. */
    private record Key(String identity, String task, int from) {
        static Key of(Slice slice) {
            return new Key(slice.model().identity(), slice.task().name(), slice.from());
        }
    }

    private final EvaluationPlan plan;
    private final Scoring scoring;
    private final Duration deadline;
    private final Map<Key, Slice> slices = new LinkedHashMap<>();
    private final Map<Key, Entry> entries = new LinkedHashMap<>();
    private final Set<String> scored = new HashSet<>();
    private final Set<String> compared = new HashSet<>();
    private String failureCode;
    private String failureMessage;
    private boolean ended;

    /**
     * An evaluation of which nothing is known.
     *
     * @param deadline of a slice
     */
    public EvaluationLine(EvaluationPlan plan, Scoring scoring, Duration deadline) {
        this.plan = plan;
        this.scoring = scoring;
        this.deadline = deadline;
        for (Slice slice : plan.slices()) {
            slices.put(Key.of(slice), slice);
            entries.put(Key.of(slice), new Entry());
        }
    }

    /** What is evaluated. */
    public EvaluationPlan plan() {
        return plan;
    }

    /** Whether its terminal event has been made. */
    public boolean ended() {
        return ended;
    }

    /** Slices without an answer. */
    public int remaining() {
        return (int) entries.values().stream()
                .filter(entry -> entry.state == State.WAITING || entry.state == State.HANDED_OUT).count();
    }

    /** Begins, or begins again after a restart: what is in the store is not asked again. */
    public List<Event> start(Instant now) {
        for (Slice slice : slices.values()) {
            if (scoring.answered(slice)) {
                entries.get(Key.of(slice)).state = State.ANSWERED;
            }
        }
        return advance(now);
    }

    /** Questions of a slice have been answered; the last of them, maybe. */
    public List<Event> on(EvaluationTaskCompleted event, Instant now) {
        Slice slice = slice(event.modelIdentity(), event.task(), event.taskDigest(), event.from());
        if (ended || slice == null) {
            return List.of();
        }
        Entry entry = entries.get(Key.of(slice));
        entry.heard = now;
        entry.round = 1;
        if (entry.state != State.ANSWERED && event.to() >= slice.to() && scoring.answered(slice)) {
            entry.state = State.ANSWERED;
        }
        return advance(now);
    }

    /** A slice failed in a way that repeats itself. */
    public List<Event> on(EvaluationTaskFailed event, Instant now) {
        Slice slice = slice(event.modelIdentity(), event.task(), null, event.from());
        if (ended || slice == null) {
            return List.of();
        }
        Entry entry = entries.get(Key.of(slice));
        if (entry.state != State.HANDED_OUT || event.attempt() < entry.attempt) {
            return List.of();
        }
        if (isFinal(event.code()) || entry.attempt >= ATTEMPTS) {
            fail(entry, event.code(), event.message());
        } else {
            entry.attempt++;
            entry.state = State.WAITING;
        }
        return advance(now);
    }

    /**
     * Time passes.
     *
     * @param outage whether this worker's own work is held up: then nobody is blamed for being late
     */
    public List<Event> tick(Instant now, boolean outage) {
        if (ended) {
            return List.of();
        }
        for (Map.Entry<Key, Entry> each : entries.entrySet()) {
            Entry entry = each.getValue();
            if (entry.state != State.HANDED_OUT) {
                continue;
            }
            if (outage) {
                entry.heard = now;
            } else if (now.isAfter(entry.heard.plus(deadline.multipliedBy(2)))) {
                if (scoring.answered(slices.get(each.getKey()))) {
                    entry.state = State.ANSWERED;
                } else if (entry.round >= ROUNDS) {
                    Slice slice = slices.get(each.getKey());
                    fail(entry, ErrorCode.STALLED.name(), "no worker answered questions " + slice.from() + " to "
                            + slice.to() + " of " + slice.task().name() + " for " + slice.model().name() + " in "
                            + ROUNDS + " rounds of " + deadline.multipliedBy(2).toSeconds() + " s");
                } else {
                    entry.round++;
                    entry.state = State.WAITING;
                }
            }
        }
        return advance(now);
    }

    /** Somebody asks that it end. What has been answered stays in the store; what has a score keeps it. */
    public List<Event> cancel(String by, Instant now) {
        if (ended) {
            return List.of();
        }
        ended = true;
        return List.of(new EvaluationCancelled(
                plan.evaluation(), plan.artifact(), plan.benchmarks(), plan.merge(), plan.attempt(), by, now));
    }

    private void fail(Entry entry, String code, String message) {
        entry.state = State.FAILED;
        if (failureCode == null) {
            failureCode = code;
            failureMessage = message;
        }
    }

    private List<Event> advance(Instant now) {
        List<Event> events = new ArrayList<>();
        handOut(events, now);
        for (PlannedTask task : plan.tasks()) {
            for (ModelPlace model : plan.models()) {
                if (answered(model, task) && scored.add(model.identity() + "\n" + task.name())) {
                    events.add(scoring.score(plan, model, task, now));
                }
            }
            ModelPlace artifact = plan.models().getFirst();
            for (ModelPlace other : plan.models()) {
                if (other != artifact && answered(artifact, task) && answered(other, task)
                        && compared.add(other.identity() + "\n" + task.name())) {
                    events.add(scoring.compare(plan, other, task, now));
                }
            }
        }
        if (remaining() == 0) {
            events.add(failureCode == null
                    ? new EvaluationCompleted(
                            plan.evaluation(), plan.artifact(), plan.benchmarks(), plan.merge(), plan.attempt(), now)
                    : new EvaluationFailed(
                            plan.evaluation(), plan.artifact(), plan.benchmarks(), plan.merge(), plan.attempt(),
                            failureCode, failureMessage, now));
            ended = true;
        }
        return events;
    }

    private void handOut(List<Event> events, Instant now) {
        long out = entries.values().stream().filter(entry -> entry.state == State.HANDED_OUT).count();
        for (Slice slice : slices.values()) {
            Entry entry = entries.get(Key.of(slice));
            if (out >= WINDOW) {
                return;
            }
            if (entry.state == State.WAITING) {
                entry.state = State.HANDED_OUT;
                entry.heard = now;
                out++;
                events.add(new EvaluationTaskRequested(
                        plan.evaluation(), slice.model(), slice.task().name(), slice.task().digest(), slice.from(),
                        slice.to(), slice.task().total(), entry.attempt, entry.round, deadline.toSeconds(), now));
            }
        }
    }

    private boolean answered(ModelPlace model, PlannedTask task) {
        for (int from = 0; from < task.total(); from += Slices.QUESTIONS) {
            if (entries.get(new Key(model.identity(), task.name(), from)).state != State.ANSWERED) {
                return false;
            }
        }
        return true;
    }

    /** The slice that an event is about, or null if it is none of this evaluation's. */
    private Slice slice(String identity, String task, String digest, int question) {
        Slice slice = slices.get(new Key(identity, task, Slices.start(question)));
        return slice == null || digest != null && !digest.equals(slice.task().digest()) ? null : slice;
    }

    /** Whether trying again cannot help: the input is at fault, or workers die of it. */
    private static boolean isFinal(String code) {
        try {
            ErrorCode known = ErrorCode.valueOf(code);
            return known.kind() == ErrorCode.Kind.USER || known == ErrorCode.WORKER_LOST;
        } catch (IllegalArgumentException newer) {
            return false;
        }
    }
}
