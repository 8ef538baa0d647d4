package io.amalgam.evalworker.coordination;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.EvaluationCancellationRequested;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskFailed;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TraceContext;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Coordinates the evaluations of the artifacts in this worker's partitions: one thread with a letter box, so that nothing
 * of an evaluation happens at the same time.
 *
 * <p>It keeps nothing that must survive. An artifact's record is acknowledged when its evaluation's terminal event is
 * safe; until then whoever owns the partition gets the record again, and finds in the store what has been answered.
 */
public final class EvaluationCoordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationCoordinator.class);
    private static final int BATCH = 256;
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;

    /** What lies in the letter box. */
    private sealed interface Letter {
    }

    /** An event of a partition, and how to acknowledge its record. */
    private record Delivery(int partition, Received received, Runnable acknowledge) implements Letter {
    }

    /** Partitions are others' from now on. */
    private record Revoked(Set<Integer> partitions) implements Letter {
    }

    /** Time passes. */
    private record Tick(boolean outage) implements Letter {
    }

    /** An evaluation from its artifact's record to its end. */
    private static final class Entry {
        private final int partition;
        private final TraceContext trace;
        private final ArtifactCompleted artifact;
        private final Set<String> benchmarks;
        private final List<Runnable> acknowledgements = new ArrayList<>();
        private EvaluationLine line;

        Entry(int partition, TraceContext trace, ArtifactCompleted artifact, Set<String> benchmarks) {
            this.partition = partition;
            this.trace = trace;
            this.artifact = artifact;
            this.benchmarks = benchmarks;
        }
    }

    private final EventPublisher publisher;
    private final Supplier<TaskCatalog> catalog;
    private final EvaluationLine.Scoring scoring;
    private final Duration deadline;
    private final Clock clock;
    private final Consumer<Event> publishedListener;
    private final BlockingQueue<Letter> letters = new LinkedBlockingQueue<>();
    private final Map<String, Entry> evaluations = new HashMap<>();
    private volatile boolean closed;
    private volatile int running;
    private volatile int remaining;
    private volatile Instant quietSince;
    private final Thread thread;

    /**
     * Prepares a coordinator; {@link #start()} begins.
     *
     * @param deadline of a slice of questions
     * @param publishedListener told of every event that was published
     */
    public EvaluationCoordinator(
            EventPublisher publisher, Supplier<TaskCatalog> catalog, EvaluationLine.Scoring scoring, Duration deadline,
            Clock clock, Consumer<Event> publishedListener) {
        this.publisher = publisher;
        this.catalog = catalog;
        this.scoring = scoring;
        this.deadline = deadline;
        this.clock = clock;
        this.publishedListener = publishedListener;
        this.thread = Thread.ofPlatform().name("evaluation-coordinator").daemon(true).unstarted(this::run);
    }

    /** Begins to work through the letter box. */
    public void start() {
        thread.start();
    }

    /**
     * Takes an event of {@code artifacts} or {@code evaluation-results}.
     *
     * @param acknowledge called when everything that follows from the event is safe; not called if the partition is
     *     lost before, since its next owner then gets the event again
     */
    public void deliver(int partition, Received received, Runnable acknowledge) {
        letters.add(new Delivery(partition, received, acknowledge));
    }

    /** Partitions are others' from now on. */
    public void revoked(Collection<Integer> partitions) {
        letters.add(new Revoked(Set.copyOf(partitions)));
    }

    /**
     * Lets time pass; to be called about every second.
     *
     * @param outage whether this worker's own work is held up by an outage
     */
    public void tick(boolean outage) {
        if (letters.isEmpty()) {
            letters.add(new Tick(outage));
        }
    }

    /** Evaluations in hand. */
    public int running() {
        return running;
    }

    /** Slices of questions of the evaluations in hand that have no answers. */
    public int remaining() {
        return remaining;
    }

    /** Since when nothing has been heard although slices remain; null if none do. */
    public Instant quietSince() {
        return quietSince;
    }

    /** Stops; what is in hand is somebody else's then. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }

    private void run() {
        try {
            while (!closed) {
                List<Letter> batch = new ArrayList<>();
                batch.add(letters.take());
                letters.drainTo(batch, BATCH);
                for (Letter letter : batch) {
                    switch (letter) {
                        case Delivery delivery -> handle(delivery);
                        case Revoked revoked -> forget(revoked.partitions());
                        case Tick tick -> tickAll(tick.outage());
                    }
                }
                count(batch);
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(Delivery delivery) throws InterruptedException {
        MDC.put(TraceContext.LOG_KEY, delivery.received().trace().traceId());
        try {
            switch (delivery.received().event()) {
                case ArtifactCompleted artifact -> begin(artifact, delivery);
                case EvaluationTaskCompleted event -> {
                    advance(event.evaluation(), line -> line.on(event, clock.instant()));
                    delivery.acknowledge().run();
                }
                case EvaluationTaskFailed event -> {
                    advance(event.evaluation(), line -> line.on(event, clock.instant()));
                    delivery.acknowledge().run();
                }
                case EvaluationCancellationRequested event -> {
                    LOG.info("evaluation {} is to end: {} {}", event.evaluation(), event.by(), event.reason());
                    advance(event.evaluation(), line -> line.cancel(event.by(), clock.instant()));
                    delivery.acknowledge().run();
                }
                default -> {
                    LOG.warn("event {} does not belong here and is passed over", delivery.received().id());
                    delivery.acknowledge().run();
                }
            }
        } finally {
            MDC.remove(TraceContext.LOG_KEY);
        }
    }

    /** An artifact is to be evaluated; if that is under way, what was asked for before and now, together. */
    private void begin(ArtifactCompleted artifact, Delivery delivery) throws InterruptedException {
        Entry former = evaluations.remove(artifact.artifact());
        Set<String> benchmarks = new LinkedHashSet<>();
        if (former != null) {
            benchmarks.addAll(former.benchmarks);
        }
        benchmarks.addAll(artifact.benchmarks());
        Entry entry = new Entry(delivery.partition(), delivery.received().trace(), artifact, benchmarks);
        entry.acknowledgements.add(delivery.acknowledge());
        if (former != null) {
            entry.acknowledgements.addAll(former.acknowledgements);
        }
        if (benchmarks.isEmpty()) {
            entry.acknowledgements.forEach(Runnable::run);
            return;
        }
        evaluations.put(artifact.artifact(), entry);
        EvaluationPlan plan;
        try {
            plan = EvaluationPlan.of(artifact, List.copyOf(benchmarks), catalog.get());
        } catch (AmalgamException failure) {
            LOG.warn("artifact {} cannot be evaluated: {} {}", artifact.artifact(), failure.code(), failure.getMessage());
            end(artifact.artifact(), entry, failure.code(), failure.getMessage());
            return;
        }
        entry.line = new EvaluationLine(plan, scoring, deadline);
        LOG.info("artifact {} is evaluated: {} models, {} tasks", artifact.artifact(), plan.models().size(),
                plan.tasks().size());
        advance(artifact.artifact(), line -> line.start(clock.instant()));
    }

    private void tickAll(boolean outage) throws InterruptedException {
        for (String evaluation : List.copyOf(evaluations.keySet())) {
            advance(evaluation, line -> line.tick(clock.instant(), outage));
        }
    }

    /** What an evaluation does next; reading the store may fail for a while, and is then tried again. */
    private interface Step {
        List<Event> take(EvaluationLine line);
    }

    private void advance(String evaluation, Step step) throws InterruptedException {
        Entry entry = evaluations.get(evaluation);
        if (entry == null) {
            return;
        }
        BooleanSupplier gone = () -> closed;
        long pause = FIRST_PAUSE_MILLIS;
        List<Event> events = null;
        while (events == null && !closed) {
            try {
                events = step.take(entry.line);
            } catch (AmalgamException failure) {
                if (!failure.code().transientFailure()) {
                    LOG.warn("evaluation {} failed: {} {}", evaluation, failure.code(), failure.getMessage());
                    end(evaluation, entry, failure.code(), failure.getMessage());
                    return;
                }
                LOG.warn("evaluation {} waits: {}", evaluation, failure.getMessage());
                Thread.sleep(pause);
                pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
            } catch (RuntimeException fault) {
                LOG.error("evaluation {} failed", evaluation, fault);
                end(evaluation, entry, ErrorCode.INTERNAL, "the evaluation failed by a fault of Amalgam: " + fault);
                return;
            }
        }
        if (events == null) {
            return;
        }
        for (Event event : events) {
            if (!publisher.publishPatiently(event, entry.trace, gone)) {
                return;
            }
            publishedListener.accept(event);
        }
        if (entry.line.ended()) {
            finish(evaluation, entry);
        }
    }

    private void end(String evaluation, Entry entry, ErrorCode code, String message) throws InterruptedException {
        Event event = new EvaluationFailed(
                evaluation, entry.artifact.artifact(), List.copyOf(entry.benchmarks), entry.artifact.merge(),
                entry.artifact.evaluationAttempt(), code.name(), EventCodec.abbreviate(message), clock.instant());
        if (publisher.publishPatiently(event, entry.trace, () -> closed)) {
            publishedListener.accept(event);
            finish(evaluation, entry);
        }
    }

    private void finish(String evaluation, Entry entry) {
        LOG.info("evaluation {} has ended", evaluation);
        evaluations.remove(evaluation);
        entry.acknowledgements.forEach(Runnable::run);
    }

    private void forget(Set<Integer> partitions) {
        for (Iterator<Entry> entries = evaluations.values().iterator(); entries.hasNext();) {
            if (partitions.contains(entries.next().partition)) {
                entries.remove();
            }
        }
    }

    private void count(List<Letter> batch) {
        running = evaluations.size();
        int open = 0;
        for (Entry entry : evaluations.values()) {
            open += entry.line == null ? 0 : entry.line.remaining();
        }
        remaining = open;
        if (open == 0) {
            quietSince = null;
        } else if (quietSince == null || batch.stream().anyMatch(letter -> letter instanceof Delivery)) {
            quietSince = clock.instant();
        }
    }
}
