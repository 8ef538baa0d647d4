package io.amalgam.mergeworker.service;

import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.source.ModelSource;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.amalgam.events.work.WorkerLife;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.coordination.Coordinator;
import io.amalgam.mergeworker.coordination.MergePlanning;
import io.amalgam.mergeworker.coordination.MergesView;
import io.amalgam.storage.StorageSettings;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.common.annotation.Identifier;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a merge-worker together, starts it when Kafka has what it needs, and lets it end in order. What it does is in
 * the coordinator and in the chunk work; nothing here decides anything about a merge.
 */
@ApplicationScoped
public class MergeLineService {

    private static final Logger LOG = LoggerFactory.getLogger(MergeLineService.class);

    private final WorkerConfiguration configuration;
    private final String worker;
    private final EventPublisher publisher;
    private final LogReader log;
    private final Coordinator coordinator;
    private final MergeWork work;
    private final WorkLoop loop;
    private final WorkerLife life;
    private final WorkerMetrics metrics;

    /** Makes everything; nothing connects yet. */
    public MergeLineService(
            WorkerConfiguration configuration, @Identifier("default-kafka-broker") Map<String, Object> broker,
            MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        this.configuration = configuration;
        Map<String, Object> connection = new HashMap<>(broker);
        this.worker = configuration.worker().name().orElseGet(WorkerLife::hostAndProcess);
        this.metrics = new WorkerMetrics(registry);
        StorageSettings storage = StorageSettings.of(configuration.hub(), configuration.s3(), System.getenv());
        ArtifactStore store =
                metrics.timed(storage.store(configuration.store().root(), configuration.store().signingKey()));
        ModelSource models = metrics.timed(storage.models(configuration.models().root(), store));
        this.publisher = new EventPublisher(connection, "merge-worker/" + worker, clock);
        MergesView view = new MergesView(clock);
        this.log = new LogReader(connection, Topics.MERGES, view::accept);
        this.coordinator =
                new Coordinator(publisher, new MergePlanning(store), view, log, clock, metrics::published);
        this.work = new MergeWork(
                worker, store, new EngineShardMaker(models, store, executionOptions()), view, publisher, clock, metrics);
        this.loop = new WorkLoop(
                worker, new ShareGroupQueue(connection, Topics.CHUNK_WORKERS), configuration.worker().slots(), work,
                publisher, clock, metrics::deadLetter);
        this.life = new WorkerLife(
                worker, connection, configuration.topics().create(), configuration.topics().replication(),
                this::startLog, loop);
        metrics.watch(coordinator::figures, loop::held, clock);
    }

    /** The coordinator of this worker's partitions. */
    public Coordinator coordinator() {
        return coordinator;
    }

    /** Publishes for the channels. */
    public EventPublisher publisher() {
        return publisher;
    }

    /** What is counted. */
    public WorkerMetrics metrics() {
        return metrics;
    }

    /** The worker's name. */
    public String worker() {
        return worker;
    }

    /** What keeps the worker from working, each in a sentence; empty when it can. */
    public List<String> obstacles() {
        int newer = Math.max(coordinator.outdatedBy(), work.outdatedBy());
        if (newer > 0 && life.running()) {
            return List.of("merges ask for numerics version " + newer + "; this worker is older: replace it");
        }
        return life.obstacles();
    }

    /** Whether the store can be written to. */
    public boolean storeAnswers() {
        return work.storeAnswers();
    }

    /** Whether the slots that should take work are running. */
    public boolean alive() {
        return life.alive();
    }

    void start(@Observes StartupEvent event) {
        life.begin();
    }

    void stop(@Observes @Priority(1) ShutdownEvent event) throws InterruptedException {
        life.end(configuration.worker().drain());
        coordinator.close();
        log.close();
        publisher.close();
        LOG.info("worker {} has drained", worker);
    }

    @Scheduled(every = "1s")
    void tick() {
        if (life.running()) {
            coordinator.tick(loop.outage());
        }
    }

    private List<String> startLog() {
        if (!StorageSettings.isBucket(configuration.store().root())) {
            CopyCeiling.measure(Path.of(configuration.store().root())).ifPresent(metrics::copyCeiling);
        }
        log.start();
        return List.of();
    }

    private ExecutionOptions executionOptions() {
        int threads = configuration.worker().threads();
        return threads == 0 ? ExecutionOptions.defaults() : ExecutionOptions.defaults().withThreads(threads);
    }
}
