package io.amalgam.mergeworker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.engine.execute.ExecutionOptions;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.EventRoute;
import io.amalgam.events.LogReader;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.events.work.ShareGroupQueue;
import io.amalgam.events.work.WorkLoop;
import io.amalgam.mergeworker.chunk.EngineShardMaker;
import io.amalgam.mergeworker.chunk.MergeWork;
import io.amalgam.mergeworker.chunk.ShardMaker;
import io.amalgam.mergeworker.coordination.Coordinator;
import io.amalgam.mergeworker.coordination.MergePlanning;
import io.amalgam.mergeworker.coordination.MergesView;
import io.amalgam.mergeworker.service.WorkerMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.BeforeAll;

/** Coordinators and workers without the service around them, over a real broker, one by one as a test needs them. */
abstract class PartsOfTheLine {

    private static final List<Integer> ALL_PARTITIONS =
            IntStream.range(0, Topics.MERGE_REQUESTS.partitions()).boxed().toList();

    static Path folder;
    static Map<String, Object> connection;
    static Line line;

    /** One broker for all tests of this kind: it ends with this process, as does all that belongs to it. */
    @BeforeAll
    static synchronized void start() throws Exception {
        if (line != null) {
            return;
        }
        folder = Files.createTempDirectory(Files.createDirectories(Path.of("target", "line")), "parts");
        BrokerProcess broker = BrokerProcess.start(folder.resolve("broker"));
        connection = Map.of("bootstrap.servers", broker.bootstrapServers());
        try (Admin admin = Admin.create(connection)) {
            assertEquals(List.of(), new TopicAdministration(admin, true, -1).ensure());
        }
        Line.copyModels(folder.resolve("models"));
        line = new Line(connection, folder.resolve("models"), folder.resolve("store"));
    }

    /** A coordinator with everything it needs, fed with results by a reader of its own. */
    static final class OneCoordinator implements AutoCloseable {
        private final EventPublisher publisher = new EventPublisher(connection, "coordinator", Clock.systemUTC());
        private final LogReader log;
        final Coordinator coordinator;
        private final LogReader results;

        OneCoordinator() {
            this(line.store(), Clock.systemUTC());
        }

        OneCoordinator(ArtifactStore store, Clock clock) {
            MergesView view = new MergesView(clock);
            log = new LogReader(connection, Topics.MERGES, view::accept);
            log.start();
            coordinator = new Coordinator(
                    publisher, new MergePlanning(store), view, log, clock, event -> { });
            coordinator.assigned(ALL_PARTITIONS);
            results = new LogReader(connection, Topics.CHUNK_RESULTS, received -> coordinator.deliver(
                    EventRoute.of(received.event()).partition(), received, () -> { }));
            results.start();
        }

        boolean request(MergeRequested request) throws InterruptedException {
            AtomicBoolean acknowledged = new AtomicBoolean();
            int partition = EventRoute.of(request).partition();
            coordinator.deliver(
                    partition, new Received(request, "id", "test", Instant.now(), TraceContext.start()),
                    () -> acknowledged.set(true));
            Line.await(acknowledged::get);
            return acknowledged.get();
        }

        @Override
        public void close() {
            results.close();
            coordinator.close();
            log.close();
            publisher.close();
        }
    }

    /** A worker that makes shards as it is told, and counts them. */
    static final class OneWorker implements AutoCloseable {
        private final EventPublisher publisher = new EventPublisher(connection, "worker", Clock.systemUTC());
        private final LogReader log;
        final WorkLoop loop;
        final MergeWork work;
        final AtomicInteger made = new AtomicInteger();

        OneWorker(String name, ShardMaker shards) {
            this(name, shards, 2);
        }

        OneWorker(String name, ShardMaker shards, int slots) {
            this(name, shards, slots, line.store(), Clock.systemUTC());
        }

        OneWorker(String name, ShardMaker shards, int slots, ArtifactStore store, Clock clock) {
            MergesView view = new MergesView(clock);
            log = new LogReader(connection, Topics.MERGES, view::accept);
            log.start();
            WorkerMetrics metrics = new WorkerMetrics(new SimpleMeterRegistry());
            ShardMaker counting = (slice, listener, computed) -> {
                ShardMaker.MadeShard shard = shards.make(slice, listener, computed);
                made.incrementAndGet();
                return shard;
            };
            work = new MergeWork(name, store, counting, view, publisher, clock, metrics);
            loop = new WorkLoop(
                    name, new ShareGroupQueue(connection, Topics.CHUNK_WORKERS), slots, work, publisher, clock,
                    letter -> { });
            loop.start();
        }

        @Override
        public void close() {
            loop.close();
            log.close();
            publisher.close();
        }
    }

    static ShardMaker engine() {
        return new EngineShardMaker(line.sources(), line.store(), ExecutionOptions.defaults().withThreads(1));
    }
}
