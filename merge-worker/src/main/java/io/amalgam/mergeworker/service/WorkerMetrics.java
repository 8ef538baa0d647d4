package io.amalgam.mergeworker.service;

import io.amalgam.events.Event;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.coordination.CoordinatorFigures;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Supplier;

/** What a merge-worker counts. Prometheus adds {@code _total} and {@code _seconds} where its conventions ask for them. */
public final class WorkerMetrics implements MergeWork.WorkListener {

    private final MeterRegistry registry;
    private final Counter started;
    private final Timer computed;
    private final Counter made;
    private final Counter reused;
    private final Counter bytesRead;
    private final Counter bytesWritten;

    /** Registers what does not depend on the line running. */
    public WorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
        this.started = Counter.builder("amalgam.chunks.started")
                .description("Chunks whose computation began").register(registry);
        this.computed = Timer.builder("amalgam.chunk.duration")
                .description("Computation of a chunk, from its first byte to its receipt")
                .publishPercentileHistogram()
                .minimumExpectedValue(Duration.ofMillis(10))
                .maximumExpectedValue(Duration.ofMinutes(15))
                .register(registry);
        this.made = done("false");
        this.reused = done("true");
        this.bytesRead = Counter.builder("amalgam.read").baseUnit("bytes")
                .description("Bytes read from models").register(registry);
        this.bytesWritten = Counter.builder("amalgam.written").baseUnit("bytes")
                .description("Bytes written to the store").register(registry);
    }

    /** Registers gauges of what the coordinator has in hand, and of records that are held. */
    public void watch(Supplier<CoordinatorFigures> figures, Supplier<Number> held, Clock clock) {
        Gauge.builder("amalgam.coordinated.merges", () -> figures.get().planning())
                .tag("state", "planning").description("Merges that this worker coordinates").register(registry);
        Gauge.builder("amalgam.coordinated.merges", () -> figures.get().running())
                .tag("state", "running").description("Merges that this worker coordinates").register(registry);
        Gauge.builder("amalgam.coordinated.chunks", () -> figures.get().remaining())
                .tag("state", "remaining").description("Chunks and assemblies without a result").register(registry);
        Gauge.builder("amalgam.coordinated.chunks", () -> figures.get().outstanding())
                .tag("state", "outstanding").description("Chunks and assemblies without a result").register(registry);
        Gauge.builder("amalgam.coordinated.quiet", () -> {
            CoordinatorFigures now = figures.get();
            return now.quietSince() == null ? 0 : Duration.between(now.quietSince(), clock.instant()).toMillis() / 1e3;
        }).baseUnit("seconds").description("Time since the quietest merge was last heard of").register(registry);
        Gauge.builder("amalgam.work.held", held).description("Records of work that are held").register(registry);
    }

    /** A request or cancellation was consumed. */
    public void consumed(Event event) {
        Counter.builder("amalgam.requests").tag("type", event.getClass().getSimpleName())
                .description("Requests consumed").register(registry).increment();
    }

    /** A coordinator's event was published. */
    public void published(Event event) {
        switch (event) {
            case MergePlanned planned -> merge("planned");
            case MergeCompleted completed -> merge("completed");
            case MergeFailed failed -> merge("failed");
            case MergeCancelled cancelled -> merge("cancelled");
            case ChunkRequested request -> handedOut(request.attempt() > 1 || request.round() > 1);
            case AssemblyRequested request -> handedOut(request.attempt() > 1 || request.round() > 1);
            default -> {
                // Progress and artifacts are counted by whoever shows them.
            }
        }
    }

    /** A record was given up. */
    public void deadLetter(Event.DeadLetter letter) {
        Counter.builder("amalgam.dead.letters").tag("code", letter.code()).tag("topic", letter.topic())
                .description("Records that were given up").register(registry).increment();
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
        Counter.builder("amalgam.chunks.failed").tag("code", code)
                .description("Chunks and assemblies that failed for good").register(registry).increment();
    }

    @Override
    public void retried(String code) {
        Counter.builder("amalgam.chunks.retried").tag("code", code)
                .description("Times that a chunk was tried again by its worker").register(registry).increment();
    }

    @Override
    public void read(long bytes) {
        bytesRead.increment(bytes);
    }

    @Override
    public void written(long bytes) {
        bytesWritten.increment(bytes);
    }

    private Counter done(String wasThere) {
        return Counter.builder("amalgam.chunks.done").tag("reused", wasThere)
                .description("Chunks that are done; reused if the shard was in the store already").register(registry);
    }

    private void merge(String state) {
        Counter.builder("amalgam.merges").tag("state", state)
                .description("Merges that reached a state").register(registry).increment();
    }

    private void handedOut(boolean again) {
        Counter.builder("amalgam.chunks.published").tag("again", Boolean.toString(again))
                .description("Chunks and assemblies handed to the workers").register(registry).increment();
    }
}
