package io.amalgam.mergeworker.coordination;

import io.amalgam.engine.Version;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.Event;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.MergeCancellationRequested;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventRoute;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.mergeworker.coordination.MergePlanning.Prepared;
import io.amalgam.mergeworker.coordination.MergesView.OpenMerge;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * The coordinator of all merges of one partition: one thread with a letter box, so that nothing of a merge happens at
 * the same time. It begins by reading the lifecycle log to its end and taking over what is open there. A consumed
 * record is acknowledged when everything that follows from it has been acknowledged by the broker.
 */
final class PartitionOwner {

    private static final Logger LOG = LoggerFactory.getLogger(PartitionOwner.class);
    private static final int BATCH = 256;
    private static final Duration LOG_PATIENCE = Duration.ofSeconds(10);

    /** What lies in the letter box. */
    private sealed interface Letter {
    }

    /** An event of the partition, and how to acknowledge its record. */
    private record Delivery(Received received, Runnable acknowledge) implements Letter {
    }

    /** A merge has been planned, or could not be. */
    private record Planned(String merge, Prepared prepared, AmalgamException failure) implements Letter {
    }

    /** Time passes. */
    private record Tick(boolean outage) implements Letter {
    }

    /** A merge from its request, or its recovery, to its end. */
    private static final class Entry {
        private final MergeRequested request;
        private final TraceContext trace;
        /** What the log has of it; null for a new one. */
        private final OpenMerge before;
        private final List<Runnable> acknowledgements = new ArrayList<>();
        private final List<Delivery> waiting = new ArrayList<>();
        private MergeLine line;

        Entry(MergeRequested request, TraceContext trace, OpenMerge before) {
            this.request = request;
            this.trace = trace;
            this.before = before;
        }
    }

    private final int partition;
    private final Coordinator coordinator;
    private final BlockingQueue<Letter> letters = new LinkedBlockingQueue<>();
    private final Map<String, Entry> merges = new HashMap<>();
    private final Set<String> endedHere = new HashSet<>();
    private final List<Coordinator.Outgoing> outgoing = new ArrayList<>();
    private final List<Runnable> acknowledgements = new ArrayList<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile CoordinatorFigures figures = CoordinatorFigures.NONE;

    PartitionOwner(int partition, Coordinator coordinator) {
        this.partition = partition;
        this.coordinator = coordinator;
        this.thread = Thread.ofPlatform().name("coordinator-" + partition).daemon(true).start(this::run);
    }

    void deliver(Received received, Runnable acknowledge) {
        letters.add(new Delivery(received, acknowledge));
    }

    void tick(boolean outage) {
        if (letters.isEmpty()) {
            letters.add(new Tick(outage));
        }
    }

    CoordinatorFigures figures() {
        return figures;
    }

    boolean closed() {
        return closed;
    }

    void close() {
        closed = true;
        thread.interrupt();
    }

    private void run() {
        try {
            while (!closed && !coordinator.log().awaitEnd(LOG_PATIENCE)) {
                LOG.warn("partition {}: the lifecycle log has not been read to its end yet", partition);
            }
            for (OpenMerge open : coordinator.view().open()) {
                MergeRequested request = open.planned().request();
                if (EventRoute.partition(Topics.MERGE_REQUESTS, request.merge()) == partition) {
                    LOG.info("merge {} is taken over", request.merge());
                    begin(new Entry(request, open.trace(), open));
                }
            }
            while (!closed) {
                List<Letter> batch = new ArrayList<>();
                batch.add(letters.take());
                letters.drainTo(batch, BATCH);
                for (Letter letter : batch) {
                    handle(letter);
                }
                coordinator.publish(outgoing, this::closed);
                outgoing.clear();
                if (!closed) {
                    acknowledgements.forEach(Runnable::run);
                }
                acknowledgements.clear();
                figures = CoordinatorFigures.of(merges.values().stream().map(entry -> entry.line).toList());
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        } finally {
            MDC.clear();
        }
    }

    private void handle(Letter letter) {
        switch (letter) {
            case Delivery delivery -> handle(delivery);
            case Planned planned -> handle(planned);
            case Tick tick -> handle(tick);
        }
    }

    private void handle(Delivery delivery) {
        MDC.put(TraceContext.LOG_KEY, delivery.received().trace().traceId());
        switch (delivery.received().event()) {
            case MergeRequested request -> request(request, delivery);
            case MergeCancellationRequested event -> toLine(event.merge(), delivery);
            case ChunkCompleted event -> toLine(event.merge(), delivery);
            case ChunkFailed event -> toLine(event.merge(), delivery);
            case AssemblyCompleted event -> toLine(event.merge(), delivery);
            case AssemblyFailed event -> toLine(event.merge(), delivery);
            default -> {
                LOG.warn("event {} does not belong here and is passed over", delivery.received().id());
                acknowledgements.add(delivery.acknowledge());
            }
        }
    }

    private void request(MergeRequested request, Delivery delivery) {
        Entry known = merges.get(request.merge());
        if (known != null) {
            // A repetition: while the first is being planned, neither may be acknowledged.
            (known.line == null ? known.acknowledgements : acknowledgements).add(delivery.acknowledge());
        } else if (hasEnded(request.merge())) {
            acknowledgements.add(delivery.acknowledge());
        } else if (request.numerics() > Version.NUMERICS) {
            // Not acknowledged: it waits for a worker of its version, to whom this one gives way.
            coordinator.outdated(request.numerics());
        } else if (request.numerics() < Version.NUMERICS) {
            publish(new MergeFailed(
                            request.merge(), request.artifact(), ErrorCode.NUMERICS_MISMATCH.name(),
                            "the recipe was pinned for numerics version %d, workers have %d; submit it again"
                                    .formatted(request.numerics(), Version.NUMERICS), coordinator.now()),
                    delivery.received().trace());
            endedHere.add(request.merge());
            acknowledgements.add(delivery.acknowledge());
        } else {
            Entry entry = new Entry(request, delivery.received().trace(), null);
            entry.acknowledgements.add(delivery.acknowledge());
            begin(entry);
        }
    }

    private void begin(Entry entry) {
        merges.put(entry.request.merge(), entry);
        coordinator.plan(entry.request, this::closed, (prepared, failure) ->
                letters.add(new Planned(entry.request.merge(), prepared, failure)));
    }

    private void handle(Planned planned) {
        Entry entry = merges.get(planned.merge());
        if (entry == null || entry.line != null) {
            return;
        }
        Instant now = coordinator.now();
        MergeRequested request = entry.request;
        MDC.put(TraceContext.LOG_KEY, entry.trace.traceId());
        acknowledgements.addAll(entry.acknowledgements);
        entry.acknowledgements.clear();
        if (planned.failure() != null) {
            LOG.warn("merge {} cannot be planned: {}", request.merge(), planned.failure().getMessage());
            publish(new MergeFailed(
                            request.merge(), request.artifact(), planned.failure().code().name(),
                            EventCodec.abbreviate(planned.failure().getMessage()), now),
                    entry.trace);
            end(request.merge());
            entry.waiting.forEach(delivery -> acknowledgements.add(delivery.acknowledge()));
            return;
        }
        MergeOutline outline = planned.prepared().outline();
        entry.line = new MergeLine(request, outline, coordinator.window());
        LOG.info("merge {} has {} chunks", request.merge(), outline.count());
        if (entry.before == null) {
            publish(new MergePlanned(
                            request, outline.plan(), outline.count(), sum(outline.bytesToRead()),
                            sum(outline.bytesToWrite()), now),
                    entry.trace);
        }
        MergeProgressed progress = entry.before == null ? null : entry.before.progress();
        publish(entry, entry.line.start(planned.prepared().receipts(), progress, now));
        List<Delivery> waiting = List.copyOf(entry.waiting);
        entry.waiting.clear();
        waiting.forEach(this::handle);
    }

    private void toLine(String merge, Delivery delivery) {
        Entry entry = merges.get(merge);
        if (entry != null && entry.line == null) {
            entry.waiting.add(delivery);
            return;
        }
        acknowledgements.add(delivery.acknowledge());
        if (entry == null) {
            return;
        }
        if (coordinator.view().ended(merge)) {
            end(merge);
            return;
        }
        Instant now = coordinator.now();
        MergeLine line = entry.line;
        publish(entry, switch (delivery.received().event()) {
            case MergeCancellationRequested event -> line.cancel(event.by(), event.reason(), now);
            case ChunkCompleted event -> {
                coordinator.seen(event.worker());
                line.window(coordinator.window());
                yield line.on(event, now);
            }
            case ChunkFailed event -> line.on(event, now);
            case AssemblyCompleted event -> line.on(event, now);
            case AssemblyFailed event -> line.on(event, now);
            default -> List.<Event>of();
        });
    }

    private void handle(Tick tick) {
        Instant now = coordinator.now();
        // Once the log's view has them, it remembers them for us.
        endedHere.removeIf(coordinator.view()::ended);
        for (Entry entry : List.copyOf(merges.values())) {
            if (coordinator.view().ended(entry.request.merge())) {
                entry.waiting.forEach(delivery -> acknowledgements.add(delivery.acknowledge()));
                acknowledgements.addAll(entry.acknowledgements);
                end(entry.request.merge());
            } else if (entry.line != null) {
                if (tick.outage()) {
                    entry.line.forgive(now);
                }
                publish(entry, entry.line.tick(now, coordinator.view().movedAt()));
            }
        }
    }

    private boolean hasEnded(String merge) {
        return endedHere.contains(merge) || coordinator.view().ended(merge);
    }

    private void end(String merge) {
        merges.remove(merge);
        endedHere.add(merge);
    }

    private void publish(Entry entry, List<Event> events) {
        events.forEach(event -> publish(event, entry.trace));
        if (entry.line.ended()) {
            end(entry.request.merge());
        }
    }

    private void publish(Event event, TraceContext trace) {
        outgoing.add(new Coordinator.Outgoing(event, trace));
    }

    private static long sum(long[] values) {
        long sum = 0;
        for (long value : values) {
            sum += value;
        }
        return sum;
    }
}
