package io.amalgam.mergeworker.coordination;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Event;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.TraceContext;
import io.amalgam.mergeworker.coordination.MergePlanning.Prepared;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coordinates the merges of the partitions that this worker owns: partitions come and go as workers do, and with them
 * the merges. Planning, which reads and writes the store, has threads of its own, so that a large merge keeps no other
 * one waiting.
 */
public final class Coordinator implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Coordinator.class);
    private static final int PLANNING_THREADS = 2;
    private static final long FIRST_PAUSE_MILLIS = 500;
    private static final long LONGEST_PAUSE_MILLIS = 30_000;

    /** An event to publish, and the trace it belongs to. */
    record Outgoing(Event event, TraceContext trace) {
        boolean terminal() {
            return event instanceof MergeCompleted || event instanceof MergeFailed || event instanceof MergeCancelled;
        }
    }

    private final EventPublisher publisher;
    private final MergePlanning planning;
    private final MergesView view;
    private final LogReader log;
    private final Clock clock;
    private final Consumer<Event> publishedListener;
    private final WorkerCensus census = new WorkerCensus();
    private final Map<Integer, PartitionOwner> owners = new ConcurrentHashMap<>();
    private final ExecutorService planners =
            Executors.newFixedThreadPool(PLANNING_THREADS, Thread.ofPlatform().name("planning-", 0).daemon().factory());
    private volatile int outdatedBy;
    private boolean closed;

    /**
     * Prepares a coordinator; it has work once partitions are assigned.
     *
     * @param log which fills {@code view}
     * @param publishedListener told of every event that was published
     */
    public Coordinator(
            EventPublisher publisher, MergePlanning planning, MergesView view, LogReader log, Clock clock,
            Consumer<Event> publishedListener) {
        this.publisher = publisher;
        this.planning = planning;
        this.view = view;
        this.log = log;
        this.clock = clock;
        this.publishedListener = publishedListener;
    }

    /**
     * Partitions are ours from now on: their open merges are taken over. After {@link #close()} they are not: a worker
     * that drains may still be given partitions by a group that others leave at the same time.
     */
    public synchronized void assigned(Collection<Integer> partitions) {
        if (closed) {
            return;
        }
        for (int partition : partitions) {
            owners.computeIfAbsent(partition, number -> new PartitionOwner(number, this));
        }
    }

    /** Partitions are others' from now on. */
    public void revoked(Collection<Integer> partitions) {
        for (int partition : partitions) {
            PartitionOwner owner = owners.remove(partition);
            if (owner != null) {
                owner.close();
            }
        }
    }

    /**
     * Takes an event of {@code merge-requests} or {@code chunk-results}.
     *
     * @param acknowledge called when everything that follows from the event is safe; not called if the partition is
     *     lost before, since its next owner then gets the event again
     * @return whether the partition is ours; else the event is left to its owner
     */
    public boolean deliver(int partition, Received received, Runnable acknowledge) {
        PartitionOwner owner = owners.get(partition);
        if (owner == null) {
            return false;
        }
        owner.deliver(received, acknowledge);
        return true;
    }

    /**
     * Lets time pass; to be called about every second.
     *
     * @param outage whether this worker's own work is held up by an outage: then nobody is blamed for being late
     */
    public void tick(boolean outage) {
        owners.values().forEach(owner -> owner.tick(outage));
    }

    /** What is in hand. */
    public CoordinatorFigures figures() {
        CoordinatorFigures sum = CoordinatorFigures.NONE;
        for (PartitionOwner owner : owners.values()) {
            sum = sum.plus(owner.figures());
        }
        return sum;
    }

    /** A newer numerics version that requests have asked for, or 0: this worker should give way to one that has it. */
    public int outdatedBy() {
        return outdatedBy;
    }

    /** Gives all partitions up. */
    @Override
    public synchronized void close() {
        closed = true;
        revoked(List.copyOf(owners.keySet()));
        planners.shutdownNow();
    }

    MergesView view() {
        return view;
    }

    LogReader log() {
        return log;
    }

    Instant now() {
        return clock.instant();
    }

    int window() {
        return census.window(now());
    }

    void seen(String worker) {
        census.seen(worker, now());
    }

    void outdated(int numerics) {
        outdatedBy = numerics;
    }

    /** Plans a merge on another thread; an outage of the store is waited out. */
    void plan(
            Event.MergeRequested request, BooleanSupplier closed,
            BiConsumer<Prepared, AmalgamException> listener) {
        planners.execute(() -> {
            long pause = FIRST_PAUSE_MILLIS;
            while (!closed.getAsBoolean()) {
                try {
                    listener.accept(planning.prepare(request), null);
                    return;
                } catch (AmalgamException failure) {
                    if (!failure.code().transientFailure()) {
                        listener.accept(null, failure);
                        return;
                    }
                    LOG.warn("planning merge {} waits: {}", request.merge(), failure.getMessage());
                } catch (RuntimeException fault) {
                    LOG.error("planning merge {} failed", request.merge(), fault);
                    listener.accept(null, new AmalgamException(ErrorCode.INTERNAL,
                            "planning failed by a fault of Amalgam: " + fault, fault));
                    return;
                }
                try {
                    Thread.sleep(pause);
                } catch (InterruptedException end) {
                    Thread.currentThread().interrupt();
                    return;
                }
                pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
            }
        });
    }

    /**
     * Publishes events in their order and waits until the broker has them, however long that takes. What comes before a
     * terminal event is safe before the terminal event is sent: an artifact is announced before its merge is closed.
     *
     * @throws InterruptedException also if the partition is lost before all is safe; what has not been sent is not sent,
     *     since its next owner goes on from what has been
     */
    void publish(List<Outgoing> events, BooleanSupplier closed) throws InterruptedException {
        List<Outgoing> sent = new ArrayList<>();
        List<CompletableFuture<?>> acknowledgements = new ArrayList<>();
        for (Outgoing outgoing : events) {
            if (outgoing.terminal()) {
                await(sent, acknowledgements, closed);
            }
            sent.add(outgoing);
            acknowledgements.add(publisher.publish(outgoing.event(), outgoing.trace()));
        }
        await(sent, acknowledgements, closed);
    }

    private void await(List<Outgoing> sent, List<CompletableFuture<?>> acknowledgements, BooleanSupplier closed)
            throws InterruptedException {
        for (int i = 0; i < sent.size(); i++) {
            Outgoing outgoing = sent.get(i);
            try {
                acknowledgements.get(i).get();
            } catch (ExecutionException failure) {
                LOG.warn("publishing {} failed and is tried again: {}",
                        outgoing.event().getClass().getSimpleName(), failure.getCause().toString());
                if (!publisher.publishPatiently(outgoing.event(), outgoing.trace(), closed)) {
                    throw new InterruptedException("the partition was lost before its events were safe");
                }
            }
            publishedListener.accept(outgoing.event());
        }
        sent.clear();
        acknowledgements.clear();
    }
}
