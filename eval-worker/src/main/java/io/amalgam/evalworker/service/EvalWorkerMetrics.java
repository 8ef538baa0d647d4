package io.amalgam.evalworker.service;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evalworker.coordination.EvaluationCoordinator;
import io.amalgam.evalworker.task.EvaluationWork;
import io.amalgam.events.Event;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.metric.Meters;
import io.amalgam.events.metric.Metric;
import io.amalgam.events.metric.ProcessMemory;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/** What an eval-worker counts ({@link Metric}). Counters that alerts ask for begin at zero. */
public final class EvalWorkerMetrics implements EvaluationWork.WorkListener {

    private final Meters meters;
    private final Counter redelivered;

    /** Registers what does not depend on the line running. */
    public EvalWorkerMetrics(MeterRegistry registry) {
        this.meters = new Meters(registry);
        ProcessMemory.register(meters);
        this.redelivered = meters.counter(Metric.WORK_REDELIVERED);
        List.of("completed", "failed").forEach(state -> meters.counter(Metric.EVALUATIONS, state));
    }

    /** Registers gauges of what the coordinator has in hand, and of records that are held. */
    public void watch(EvaluationCoordinator coordinator, Supplier<Number> held, Clock clock) {
        meters.gauge(Metric.COORDINATED_EVALUATIONS, coordinator::running);
        meters.gauge(Metric.COORDINATED_SLICES, coordinator::remaining);
        meters.gauge(Metric.COORDINATED_QUIET, () -> {
            Instant since = coordinator.quietSince();
            return since == null ? 0 : Duration.between(since, clock.instant()).toMillis() / 1e3;
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

    /** A coordinator's event was published. */
    public void published(Event event) {
        switch (event) {
            case EvaluationCompleted completed -> meters.counter(Metric.EVALUATIONS, "completed").increment();
            case EvaluationFailed failed -> meters.counter(Metric.EVALUATIONS, "failed").increment();
            case EvaluationTaskRequested request -> meters.counter(
                    Metric.SLICES_PUBLISHED, Boolean.toString(request.attempt() > 1 || request.round() > 1)).increment();
            default -> {
                // Scores are gauges of recipe-service, which survives restarts.
            }
        }
    }

    /** A record was given up. */
    public void deadLetter(Event.DeadLetter letter) {
        meters.counter(Metric.DEAD_LETTERS, letter.code(), letter.topic()).increment();
    }

    @Override
    public void answered(String task, int questions, long tokens, Duration duration) {
        meters.counter(Metric.QUESTIONS, task).increment(questions);
        meters.counter(Metric.TOKENS, task).increment(tokens);
        meters.timer(Metric.QUESTIONS_DURATION, task).record(duration);
    }

    @Override
    public void redelivered() {
        redelivered.increment();
    }

    @Override
    public void done(boolean reused) {
        meters.counter(Metric.SLICES_DONE, Boolean.toString(reused)).increment();
    }

    @Override
    public void failed(String code) {
        meters.counter(Metric.SLICES_FAILED, code).increment();
    }
}
