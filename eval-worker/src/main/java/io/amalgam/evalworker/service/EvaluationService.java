package io.amalgam.evalworker.service;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.task.TaskCatalog;
import io.amalgam.evalworker.coordination.EvaluationCoordinator;
import io.amalgam.evalworker.coordination.StoredScoring;
import io.amalgam.evalworker.task.EvaluationWork;
import io.amalgam.evalworker.task.OpenModels;
import io.amalgam.evalworker.task.ResultStore;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts an eval-worker together, starts it when Kafka and the benchmarks have what it needs, and lets it end in order.
 * What it does is in the coordinator and in the evaluation work.
 */
@ApplicationScoped
public class EvaluationService {

    private static final Logger LOG = LoggerFactory.getLogger(EvaluationService.class);
    private static final long PAUSE_MILLIS = 2_000;

    private final EvalWorkerConfiguration configuration;
    private final Map<String, Object> connection;
    private final String worker;
    private final EventPublisher publisher;
    private final EvaluationCoordinator coordinator;
    private final OpenModels models;
    private final WorkLoop loop;
    private final EvalWorkerMetrics metrics;
    private volatile TaskCatalog catalog;
    private volatile List<String> obstacles = List.of("Kafka has not answered yet");
    private volatile boolean running;
    private volatile boolean stopping;
    private volatile Thread starter;

    /** Makes everything; nothing connects yet. */
    public EvaluationService(
            EvalWorkerConfiguration configuration, @Identifier("default-kafka-broker") Map<String, Object> broker,
            MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        this.configuration = configuration;
        this.connection = new HashMap<>(broker);
        this.worker = configuration.worker().name().orElseGet(EvaluationService::hostAndProcess);
        this.metrics = new EvalWorkerMetrics(registry);
        ArtifactStore store = new FileSystemStore(configuration.store().root());
        ResultStore results = new ResultStore(store);
        this.publisher = new EventPublisher(connection, "eval-worker/" + worker, clock);
        this.coordinator = new EvaluationCoordinator(
                publisher, this::catalog, new StoredScoring(results, this::catalog), configuration.worker().deadline(),
                clock, metrics::published);
        this.models = new OpenModels(
                store, new ModelSources(new LocalModelSource(configuration.models().root(), false)),
                new InferenceOptions(configuration.worker().threads(), 0, 0, InferenceOptions.DEFAULT.keyValueType()),
                configuration.worker().models());
        this.loop = new WorkLoop(
                worker, new ShareGroupQueue(connection, Topics.EVALUATION_WORKERS), configuration.worker().slots(),
                new EvaluationWork(worker, results, this::catalog, models, publisher, clock, metrics),
                publisher, clock, metrics::deadLetter);
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
        if (!obstacles.isEmpty()) {
            return obstacles;
        }
        return stopping ? List.of("the worker is stopping") : List.of();
    }

    /** Whether the slots that should take work are running. */
    public boolean alive() {
        return !running || stopping || loop.alive();
    }

    private TaskCatalog catalog() {
        return catalog;
    }

    void start(@Observes StartupEvent event) {
        starter = Thread.ofPlatform().name("starter").daemon(true).start(this::startWhenPossible);
    }

    void stop(@Observes @Priority(1) ShutdownEvent event) throws InterruptedException {
        stopping = true;
        starter.interrupt();
        starter.join();
        if (running) {
            loop.drain(configuration.worker().drain());
        }
        coordinator.close();
        publisher.close();
        LOG.info("worker {} has drained", worker);
    }

    @Scheduled(every = "1s")
    void tick() {
        if (running) {
            coordinator.tick(loop.outage());
        }
    }

    /**
     * Topics and group settings come first: what is published or consumed before them would be lost. Events that arrive
     * before the benchmarks can be read wait in the coordinator's letter box.
     */
    private void startWhenPossible() {
        while (!stopping) {
            obstacles = tryToStart();
            if (obstacles.isEmpty()) {
                LOG.info("worker {} takes work", worker);
                return;
            }
            obstacles.forEach(obstacle -> LOG.warn("not ready: {}", obstacle));
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    private List<String> tryToStart() {
        try (Admin admin = Admin.create(connection)) {
            List<String> differences = new TopicAdministration(
                    admin, configuration.topics().create(), configuration.topics().replication()).ensure();
            if (!differences.isEmpty()) {
                return differences;
            }
            catalog = TaskCatalog.open(List.of(configuration.benchmarks().root()));
        } catch (KafkaException failure) {
            return List.of("Kafka does not answer: " + failure.getMessage());
        } catch (AmalgamException failure) {
            return List.of(failure.getMessage());
        }
        coordinator.start();
        loop.start();
        running = true;
        return List.of();
    }

    private static String hostAndProcess() {
        String host;
        try {
            host = InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException unknown) {
            host = "worker";
        }
        return host + "-" + ProcessHandle.current().pid();
    }
}
