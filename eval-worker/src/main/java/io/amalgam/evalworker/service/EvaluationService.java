package io.amalgam.evalworker.service;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.evalworker.coordination.EvaluationCoordinator;
import io.amalgam.evalworker.coordination.StoredScoring;
import io.amalgam.evalworker.task.CancelledEvaluations;
import io.amalgam.evalworker.task.EvaluationWork;
import io.amalgam.evalworker.task.OpenModels;
import io.amalgam.evalworker.task.ResultStore;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.amalgam.events.work.WorkerLife;
import io.amalgam.storage.StorageSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts an eval-worker together, starts it when Kafka and the benchmarks have what it needs, and lets it end in order.
 * What it does is in the coordinator and in the evaluation work.
 */
@ApplicationScoped
public class EvaluationService {

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationService.class);

    private final EvalWorkerConfiguration configuration;
    private final String worker;
    private final EventPublisher publisher;
    private final EvaluationCoordinator coordinator;
    private final OpenModels models;
    private final LogReader scores;
    private final WorkLoop loop;
    private final WorkerLife life;
    private final EvalWorkerMetrics metrics;
    private volatile TaskCatalog catalog;

    /** Makes everything; nothing connects yet. */
    public EvaluationService(
            EvalWorkerConfiguration configuration, @Identifier("default-kafka-broker") Map<String, Object> broker,
            MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        this.configuration = configuration;
        Map<String, Object> connection = new HashMap<>(broker);
        this.worker = configuration.worker().name().orElseGet(WorkerLife::hostAndProcess);
        this.metrics = new EvalWorkerMetrics(registry);
        StorageSettings storage = StorageSettings.of(configuration.hub(), configuration.s3(), System.getenv());
        ArtifactStore store = metrics.timed(storage.store(configuration.store().root(), Optional.empty()));
        ResultStore results = new ResultStore(store);
        this.publisher = new EventPublisher(connection, "eval-worker/" + worker, clock);
        this.coordinator = new EvaluationCoordinator(
                publisher, this::catalog, new StoredScoring(results, this::catalog), configuration.worker().deadline(),
                clock, metrics::published);
        this.models = new OpenModels(
                store, metrics.timed(storage.models(configuration.models().root(), store)),
                new InferenceOptions(configuration.worker().threads(), 0, 0, InferenceOptions.DEFAULT.keyValueType()),
                configuration.worker().models());
        CancelledEvaluations cancelled = new CancelledEvaluations();
        this.scores = new LogReader(connection, Topics.SCORES, cancelled::accept);
        this.loop = new WorkLoop(
                worker, new ShareGroupQueue(connection, Topics.EVALUATION_WORKERS), configuration.worker().slots(),
                new EvaluationWork(worker, store, this::catalog, models, cancelled, publisher, clock, metrics),
                publisher, clock, metrics::deadLetter);
        this.life = new WorkerLife(
                worker, connection, configuration.topics().create(), configuration.topics().replication(),
                this::openBenchmarks, loop);
        metrics.watch(coordinator, loop::held, clock);
    }

    /** The coordinator of this worker's partitions. */
    public EvaluationCoordinator coordinator() {
        return coordinator;
    }

    /** Publishes for the channel. */
    public EventPublisher publisher() {
        return publisher;
    }

    /** What is counted. */
    public EvalWorkerMetrics metrics() {
        return metrics;
    }

    /** The worker's name. */
    public String worker() {
        return worker;
    }

    /** What keeps the worker from working, each in a sentence; empty when it can. */
    public List<String> obstacles() {
        return life.obstacles();
    }

    /** Whether the slots that should take work are running. */
    public boolean alive() {
        return life.alive();
    }

    private TaskCatalog catalog() {
        return catalog;
    }

    void start(@Observes StartupEvent event) {
        life.begin();
    }

    void stop(@Observes @Priority(1) ShutdownEvent event) throws InterruptedException {
        life.end(configuration.worker().drain());
        coordinator.close();
        scores.close();
        publisher.close();
        LOG.info("worker {} has drained", worker);
    }

    @Scheduled(every = "1s")
    void tick() {
        if (life.running()) {
            coordinator.tick(loop.outage());
        }
    }

    /** Events that arrive before the benchmarks can be read wait in the coordinator's letter box. */
    private List<String> openBenchmarks() {
        try {
            catalog = TaskCatalog.open(List.of(configuration.benchmarks().root()));
        } catch (AmalgamException failure) {
            return List.of(failure.getMessage());
        }
        scores.start();
        coordinator.start();
        return List.of();
    }
}
