package io.amalgam.mergeworker.service;

import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.coordination.Coordinator;
import io.amalgam.mergeworker.coordination.MergePlanning;
import io.amalgam.mergeworker.coordination.MergesView;
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
 * Puts a merge-worker together, starts it when Kafka has what it needs, and lets it end in order. What it does is in
 * the coordinator and in the chunk work; nothing here decides anything about a merge.
 */
@ApplicationScoped
public class MergeLineService {

    private static final Logger LOG = LoggerFactory.getLogger(MergeLineService.class);
    private static final long PAUSE_MILLIS = 2_000;

    private final WorkerConfiguration configuration;
    private final Map<String, Object> connection;
    private final String worker;
    private final EventPublisher publisher;
    private final LogReader log;
    private final Coordinator coordinator;
    private final MergeWork work;
    private final WorkLoop loop;
    private final WorkerMetrics metrics;
    private volatile List<String> differences = List.of("Kafka has not answered yet");
    private volatile boolean running;
    private volatile boolean stopping;
    private volatile Thread starter;

    /** Makes everything; nothing connects yet. */
    public MergeLineService(
            WorkerConfiguration configuration, @Identifier("default-kafka-broker") Map<String, Object> broker,
            MeterRegistry registry) {
        Clock clock = Clock.systemUTC();
        this.configuration = configuration;
        this.connection = new HashMap<>(broker);
        this.worker = configuration.worker().name().orElseGet(MergeLineService::hostAndProcess);
        this.metrics = new WorkerMetrics(registry);
        ArtifactStore store = new FileSystemStore(configuration.store().root());
        ModelSources models = new ModelSources(new LocalModelSource(configuration.models().root(), false));
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
        if (!differences.isEmpty()) {
            return differences;
        }
        int newer = Math.max(coordinator.outdatedBy(), work.outdatedBy());
        if (newer > 0) {
            return List.of("merges ask for numerics version " + newer + "; this worker is older: replace it");
        }
        return stopping ? List.of("the worker is stopping") : List.of();
    }

    /** Whether the store can be written to. */
    public boolean storeAnswers() {
        return work.storeAnswers();
    }

    /** Whether the slots that should take work are running. */
    public boolean alive() {
        return !running || stopping || loop.alive();
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
        log.close();
        publisher.close();
        LOG.info("worker {} has drained", worker);
    }

    @Scheduled(every = "1s")
    void tick() {
        if (running) {
            coordinator.tick(loop.outage());
        }
    }

    /** Topics and group settings come first: what is published or consumed before them would be lost. */
    private void startWhenPossible() {
        while (!stopping) {
            try (Admin admin = Admin.create(connection)) {
                differences = new TopicAdministration(
                        admin, configuration.topics().create(), configuration.topics().replication()).ensure();
                if (differences.isEmpty()) {
                    log.start();
                    loop.start();
                    running = true;
                    LOG.info("worker {} takes work", worker);
                    return;
                }
                differences.forEach(difference -> LOG.warn("not ready: {}", difference));
            } catch (KafkaException failure) {
                differences = List.of("Kafka does not answer: " + failure.getMessage());
                LOG.warn("not ready: {}", differences.getFirst());
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException end) {
                return;
            }
        }
    }

    private ExecutionOptions executionOptions() {
        int threads = configuration.worker().threads();
        return threads == 0 ? ExecutionOptions.defaults() : ExecutionOptions.defaults().withThreads(threads);
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
