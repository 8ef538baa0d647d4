package io.amalgam.evalworker.service;

import io.amalgam.evalworker.coordination.EvaluationCoordinator;
import io.amalgam.evalworker.task.EvaluationWork;
import io.amalgam.events.Event;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Supplier;

/** What an eval-worker counts. Prometheus adds {@code _total} and {@code _seconds} where its conventions ask for them. */
public final class EvalWorkerMetrics implements EvaluationWork.WorkListener {

    private final MeterRegistry registry;

    /** Registers what does not depend on the line running. */
    public EvalWorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** Registers gauges of what the coordinator has in hand, and of records that are held. */
    public void watch(EvaluationCoordinator coordinator, Supplier<Number> held, Clock clock) {
        Gauge.builder("amalgam.coordinated.evaluations", coordinator, EvaluationCoordinator::running)
                .description("Evaluations that this worker coordinates").register(registry);
        Gauge.builder("amalgam.coordinated.slices", coordinator, EvaluationCoordinator::remaining)
                .description("Slices of questions without answers").register(registry);
        Gauge.builder("amalgam.coordinated.quiet", () -> {
            Instant since = coordinator.quietSince();
            return since == null ? 0 : Duration.between(since, clock.instant()).toMillis() / 1e3;
        }).baseUnit("seconds").description("Time since anything was heard of open evaluations").register(registry);
        Gauge.builder("amalgam.work.held", held).description("Records of work that are held").register(registry);
    }

    /** A coordinator's event was published. */
    public void published(Event event) {
        switch (event) {
            case EvaluationCompleted completed -> evaluation("completed");
            case EvaluationFailed failed -> evaluation("failed");
            case EvaluationTaskRequested request -> Counter.builder("amalgam.slices.published")
                    .tag("again", Boolean.toString(request.attempt() > 1 || request.round() > 1))
                    .description("Slices of questions handed to the workers").register(registry).increment();
            default -> {
                // Scores are gauges of recipe-service, which survives restarts.
            }
        }
    }

    /** A record was given up. */
    public void deadLetter(Event.DeadLetter letter) {
        Counter.builder("amalgam.dead.letters").tag("code", letter.code()).tag("topic", letter.topic())
                .description("Records that were given up").register(registry).increment();
    }

    @Override
    public void answered(String task, int questions, Duration duration) {
        Counter.builder("amalgam.questions.answered").tag("task", task)
                .description("Questions answered by models").register(registry).increment(questions);
        Timer.builder("amalgam.questions.duration").tag("task", task)
                .description("Computation of batches of questions").register(registry).record(duration);
    }

    @Override
    public void done(boolean reused) {
        Counter.builder("amalgam.slices.done").tag("reused", Boolean.toString(reused))
                .description("Slices of questions that are complete").register(registry).increment();
    }

    @Override
    public void failed(String code) {
        Counter.builder("amalgam.slices.failed").tag("code", code)
                .description("Slices of questions that failed").register(registry).increment();
    }

    private void evaluation(String state) {
        Counter.builder("amalgam.evaluations").tag("state", state)
                .description("Evaluations that ended").register(registry).increment();
    }
}
