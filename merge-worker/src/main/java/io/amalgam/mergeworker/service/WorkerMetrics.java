package io.amalgam.mergeworker.service;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.events.metric.Meters;
import io.amalgam.events.metric.Metric;
import io.amalgam.events.metric.ProcessMemory;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.coordination.CoordinatorFigures;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/**
 * What a merge-worker counts ({@link Metric}). Counters that alerts ask for begin at zero, so that their first increase is
 * one.
 */
public final class WorkerMetrics implements MergeWork.WorkListener {

    private final Meters meters;
    private final Counter started;
    private final Timer computed;
    private final Counter made;
    private final Counter reused;
    private final Counter bytesRead;
    private final Counter bytesWritten;
    private final Counter redelivered;

    /** Registers what does not depend on the line running. */
    public WorkerMetrics(MeterRegistry registry) {
        this.meters = new Meters(registry);
        ProcessMemory.register(meters);
        this.started = meters.counter(Metric.CHUNKS_STARTED);
        this.computed = meters.timer(Metric.CHUNK_DURATION);
        this.made = meters.counter(Metric.CHUNKS_DONE, "false");
        this.reused = meters.counter(Metric.CHUNKS_DONE, "true");
        this.bytesRead = meters.counter(Metric.READ);
        this.bytesWritten = meters.counter(Metric.WRITTEN);
        this.redelivered = meters.counter(Metric.WORK_REDELIVERED);
        List.of("planned", "completed", "failed", "cancelled").forEach(state -> meters.counter(Metric.MERGES_REACHED, state));
        List.of(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.WORKER_LOST, ErrorCode.INTERNAL)
                .forEach(code -> meters.counter(Metric.CHUNKS_FAILED, code.name()));
        List.of(ErrorCode.STORE_UNAVAILABLE, ErrorCode.STORAGE_FULL, ErrorCode.SOURCE_UNAVAILABLE)
                .forEach(code -> meters.counter(Metric.CHUNKS_RETRIED, code.name()));
        handedOut(false, 0);
        handedOut(true, 0);
    }

    /** Registers gauges of what the coordinator has in hand, and of records that are held. */
    public void watch(Supplier<CoordinatorFigures> figures, Supplier<Number> held, Clock clock) {
        meters.gauge(Metric.COORDINATED_MERGES, () -> figures.get().planning(), "planning");
        meters.gauge(Metric.COORDINATED_MERGES, () -> figures.get().running(), "running");
        meters.gauge(Metric.COORDINATED_CHUNKS, () -> figures.get().remaining(), "remaining");
        meters.gauge(Metric.COORDINATED_CHUNKS, () -> figures.get().outstanding(), "outstanding");
        meters.gauge(Metric.COORDINATED_QUIET, () -> {
            CoordinatorFigures now = figures.get();
            return now.quietSince() == null ? 0 : Duration.between(now.quietSince(), clock.instant()).toMillis() / 1e3;
        });
        meters.gauge(Metric.WORK_HELD, held);
    }

    /** The store, with its operations timed. */
    public ArtifactStore timed(ArtifactStore store) {
        return meters.timed(Metric.STORE_OPERATIONS, ArtifactStore.class, store, ErrorCode::nameOf);
    }

    /** The models' places, with look-ups timed. */
    public ModelSource timed(ModelSource models) {
        return meters.timed(Metric.SOURCE_OPERATIONS, ModelSource.class, models, ErrorCode::nameOf);
    }

    /** What a plain copy within the store reached, bytes read and written a second. */
    public void copyCeiling(double bytesPerSecond) {
        meters.gauge(Metric.COPY_CEILING, () -> bytesPerSecond);
    }

    /** A request or cancellation was consumed. */
    public void consumed(Event event) {
        meters.counter(Metric.REQUESTS, event.getClass().getSimpleName()).increment();
    }

    /** A coordinator's event was published. */
    public void published(Event event) {
        switch (event) {
            case MergePlanned planned -> merge("planned");
            case MergeCompleted completed -> merge("completed");
            case MergeFailed failed -> merge("failed");
            case MergeCancelled cancelled -> merge("cancelled");
            case ChunkRequested request -> handedOut(request.attempt() > 1 || request.round() > 1, 1);
            case AssemblyRequested request -> handedOut(request.attempt() > 1 || request.round() > 1, 1);
            default -> {
                // Progress and artifacts are counted by whoever shows them.
            }
        }
    }

    /** A record was given up. */
    public void deadLetter(Event.DeadLetter letter) {
        meters.counter(Metric.DEAD_LETTERS, letter.code(), letter.topic()).increment();
    }

    @Override
    public void started() {
        started.increment();
    }

    @Override
    public void done(Duration duration, boolean wasThere) {
        if (wasThere) {
            reused.increment();
        } else {
            made.increment();
            computed.record(duration);
        }
    }

    @Override
    public void failed(String code) {
        meters.counter(Metric.CHUNKS_FAILED, code).increment();
    }

    @Override
    public void redelivered() {
        redelivered.increment();
    }

    @Override
    public void retried(String code) {
        meters.counter(Metric.CHUNKS_RETRIED, code).increment();
    }

    @Override
    public void read(long bytes) {
        bytesRead.increment(bytes);
    }

    @Override
    public void written(long bytes) {
        bytesWritten.increment(bytes);
    }

    private void merge(String state) {
        meters.counter(Metric.MERGES_REACHED, state).increment();
    }

    private void handedOut(boolean again, int times) {
        meters.counter(Metric.CHUNKS_PUBLISHED, Boolean.toString(again)).increment(times);
    }
}
