package io.amalgam.events.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The promises of topics, work queues and logs, against a real broker. */
@Timeout(120)
class WorkLoopTest {

    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    @TempDir
    static Path folder;

    private static BrokerProcess broker;
    private static Map<String, Object> connection;
    private static Admin admin;
    private static EventPublisher publisher;
    private static BlockingQueue<Event.DeadLetter> deadLetters;
    private static LogReader deadLetterReader;

    /** Handles records by a function and remembers which it was given. */
    private static final class Recorder implements WorkHandler {
        private interface Body {
            Outcome handle(String merge, Work work, Turn turn) throws InterruptedException;
        }

        private final Body body;
        private final List<String> seen = new ArrayList<>();
        private volatile boolean available = true;

        Recorder(Body body) {
            this.body = body;
        }

        static Recorder acceptingAll() {
            return new Recorder((merge, work, turn) -> Outcome.DONE);
        }

        @Override
        public Outcome handle(Work work, Turn turn) throws InterruptedException {
            String merge = ((ChunkRequested) work.received().event()).merge();
            Outcome outcome = body.handle(merge, work, turn);
            if (outcome == Outcome.DONE) {
                synchronized (this) {
                    seen.add(merge);
                }
            }
            return outcome;
        }

        @Override
        public boolean available() {
            return available;
        }

        synchronized List<String> seen() {
            return seen.stream().sorted().toList();
        }
    }

    @BeforeAll
    static void startBroker() throws Exception {
        broker = BrokerProcess.start(folder.resolve("broker"));
        connection = Map.of("bootstrap.servers", broker.bootstrapServers());
        admin = Admin.create(connection);
        assertFalse(new TopicAdministration(admin, false, -1).ensure().isEmpty(), "nothing is there yet, and it says so");
        assertEquals(List.of(), new TopicAdministration(admin, true, -1).ensure());
        publisher = new EventPublisher(connection, "test", Clock.systemUTC());
        deadLetters = new LinkedBlockingQueue<>();
        deadLetterReader = new LogReader(connection, Topics.DEAD_LETTERS,
                received -> deadLetters.add((Event.DeadLetter) received.event()));
        deadLetterReader.start();
    }

    @AfterAll
    static void stopBroker() {
        deadLetterReader.close();
        publisher.close();
        admin.close();
        broker.close();
    }

    @Test
    void aDifferenceOfAClusterIsNamed() throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Topics.SCORES.name());
        alter(topic, "cleanup.policy", "delete");
        List<String> differences = new TopicAdministration(admin, false, -1).ensure();
        assertEquals(List.of("topic scores has cleanup.policy=delete; expected compact"), differences);
        alter(topic, "cleanup.policy", "compact");
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, Topics.EVALUATION_WORKERS.name());
        alter(group, "share.auto.offset.reset", "latest");
        differences = new TopicAdministration(admin, false, -1).ensure();
        assertEquals(1, differences.size());
        assertTrue(differences.getFirst().contains("share.auto.offset.reset=latest; expected earliest"));
        assertEquals(List.of(), new TopicAdministration(admin, true, -1).ensure(), "who may, mends it");
    }

    @Test
    void whatIsPublishedWhileNoWorkerRunsIsNotLost() throws Exception {
        publish("before-1", "before-2", "before-3", "before-4", "before-5");
        Recorder first = Recorder.acceptingAll();
        try (WorkLoop loop = start("first", first)) {
            await(() -> first.seen().size() == 5);
        }
        publish("between-1", "between-2", "between-3");
        Recorder second = Recorder.acceptingAll();
        try (WorkLoop loop = start("second", second)) {
            await(() -> second.seen().size() == 3);
        }
        assertEquals(List.of("before-1", "before-2", "before-3", "before-4", "before-5"), first.seen());
        assertEquals(List.of("between-1", "between-2", "between-3"), second.seen());
    }

    @Test
    void whatCannotBeWorkedOnIsDeadLetteredAndTheLineGoesOn() throws Exception {
        publishRaw("no event at all");
        publish("refused", "faulty", "good");
        Recorder recorder = new Recorder((merge, work, turn) -> switch (merge) {
            case "refused" -> throw new RefusedWork("NOT_FOUND", "it cannot be found");
            case "faulty" -> throw new IllegalStateException("a fault");
            default -> WorkHandler.Outcome.DONE;
        });
        List<Event.DeadLetter> letters = new ArrayList<>();
        try (WorkLoop loop = start("poisoned", recorder)) {
            await(() -> recorder.seen().size() == 1);
            for (int i = 0; i < 3; i++) {
                letters.add(deadLetters.poll(20, TimeUnit.SECONDS));
            }
        }
        letters.sort((one, other) -> one.code().compareTo(other.code()));
        assertEquals(List.of("EVENT_INVALID", "INTERNAL", "NOT_FOUND"),
                letters.stream().map(Event.DeadLetter::code).toList());
        assertEquals("no event at all", letters.getFirst().value());
        assertTrue(letters.get(1).reason().contains("a fault"));
        assertEquals("it cannot be found", letters.getLast().reason());
        assertEquals("merge-chunks", letters.getLast().topic());
        assertEquals(List.of("good"), recorder.seen());
    }

    @Test
    void duringAnOutageRecordsAreKeptAndNoMoreAreTaken() throws Exception {
        AtomicBoolean out = new AtomicBoolean(true);
        Set<String> touched = ConcurrentHashMap.newKeySet();
        AtomicInteger deliveries = new AtomicInteger();
        Recorder recorder = new Recorder((merge, work, turn) -> {
            touched.add(merge);
            deliveries.accumulateAndGet(work.deliveries(), Math::max);
            return out.get() ? WorkHandler.Outcome.OUTAGE : WorkHandler.Outcome.DONE;
        });
        publish("out-1", "out-2", "out-3", "out-4", "out-5", "out-6");
        try (WorkLoop loop = start("patient", recorder)) {
            await(() -> touched.size() == 2);
            Thread.sleep(1_500);
            assertEquals(2, touched.size(), "two slots hold two records");
            assertTrue(loop.outage());
            assertEquals(2, loop.held());
            out.set(false);
            await(() -> recorder.seen().size() == 6);
            assertFalse(loop.outage());
        }
        assertEquals(1, deliveries.get(), "no record was given away");
    }

    @Test
    void oneRecordIsWorkedOnWhileTheNextIsMadeReady() throws Exception {
        AtomicInteger working = new AtomicInteger();
        AtomicInteger mostWorking = new AtomicInteger();
        AtomicInteger mostHeld = new AtomicInteger();
        AtomicInteger held = new AtomicInteger();
        Recorder recorder = new Recorder((merge, work, turn) -> {
            mostHeld.accumulateAndGet(held.incrementAndGet(), Math::max);
            assertTrue(turn.take(Duration.ofSeconds(60)));
            mostWorking.accumulateAndGet(working.incrementAndGet(), Math::max);
            // The first one lasts until the other slot, which may join the group later, has a record too.
            await(() -> mostHeld.get() > 1);
            Thread.sleep(20);
            working.decrementAndGet();
            held.decrementAndGet();
            return WorkHandler.Outcome.DONE;
        });
        publish("turn-1", "turn-2", "turn-3", "turn-4", "turn-5", "turn-6", "turn-7", "turn-8");
        try (WorkLoop loop = start("turns", recorder)) {
            await(() -> recorder.seen().size() == 8);
        }
        assertEquals(1, mostWorking.get());
        assertEquals(2, mostHeld.get());
    }

    @Test
    void aRecordThatPassedItsTurnIsMadeSafeWhileTheNextIsWorkedOn() throws Exception {
        CountDownLatch othersDone = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        AtomicInteger working = new AtomicInteger();
        AtomicInteger mostWorking = new AtomicInteger();
        Recorder recorder = new Recorder((merge, work, turn) -> {
            boolean isFirst = first.getAndSet(false);
            assertTrue(turn.take(Duration.ofSeconds(60)));
            mostWorking.accumulateAndGet(working.incrementAndGet(), Math::max);
            Thread.sleep(20);
            working.decrementAndGet();
            turn.pass();
            if (isFirst) {
                // As if its disk were slow.
                othersDone.await();
            }
            return WorkHandler.Outcome.DONE;
        });
        publish("pass-1", "pass-2", "pass-3");
        try (WorkLoop loop = start("passing", recorder)) {
            await(() -> recorder.seen().size() == 2);
            othersDone.countDown();
            await(() -> recorder.seen().size() == 3);
        }
        assertEquals(1, mostWorking.get());
    }

    @Test
    void aDrainingWorkerFinishesWhatItWorksOnAndGivesTheRestToOthers() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch finish = new CountDownLatch(1);
        Set<String> givenBack = ConcurrentHashMap.newKeySet();
        Recorder draining = new Recorder((merge, work, turn) -> {
            if (!turn.take(Duration.ofSeconds(60))) {
                givenBack.add(merge);
                return WorkHandler.Outcome.GIVE_BACK;
            }
            begun.countDown();
            finish.await();
            return WorkHandler.Outcome.DONE;
        });
        publish("drain-1", "drain-2", "drain-3");
        WorkLoop loop = start("draining", draining);
        begun.await();
        await(() -> loop.held() == 2);
        Thread drainer = Thread.ofVirtual().start(() -> {
            try {
                loop.drain(Duration.ofSeconds(30));
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        await(() -> loop.held() == 1);
        finish.countDown();
        drainer.join();
        AtomicInteger deliveries = new AtomicInteger();
        Recorder other = new Recorder((merge, work, turn) -> {
            if (givenBack.contains(merge)) {
                deliveries.accumulateAndGet(work.deliveries(), Math::max);
            }
            return WorkHandler.Outcome.DONE;
        });
        try (WorkLoop successor = start("successor", other)) {
            await(() -> other.seen().size() == 2);
        }
        assertEquals(1, draining.seen().size());
        List<String> all = new ArrayList<>(draining.seen());
        all.addAll(other.seen());
        assertEquals(Set.of("drain-1", "drain-2", "drain-3"), Set.copyOf(all));
        assertEquals(1, givenBack.size());
        assertEquals(1, deliveries.get(), "giving back does not look like the death of a worker");
    }

    @Test
    void whatTakesLongerThanADrainingWorkerWaitsIsGivenBackAtOnce() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicBoolean quickWorkMayFinish = new AtomicBoolean();
        Recorder slow = new Recorder((merge, work, turn) -> {
            turn.take(Duration.ofSeconds(60));
            begun.countDown();
            while (!turn.stopped(Duration.ofHours(2))) {
                Thread.sleep(10);
            }
            quickWorkMayFinish.set(!turn.stopped(Duration.ofMinutes(1)) && !turn.stopped());
            return WorkHandler.Outcome.GIVE_BACK;
        });
        publish("slow-1");
        WorkLoop loop = start("slow", slow);
        begun.await();
        // Ends now, not in an hour.
        loop.drain(Duration.ofHours(1));
        assertTrue(quickWorkMayFinish.get(), "an hour is enough for what takes a minute");
        Recorder other = Recorder.acceptingAll();
        try (WorkLoop successor = start("quick", other)) {
            await(() -> other.seen().equals(List.of("slow-1")));
        }
    }

    @Test
    void aWorkerTakesWorkOnceItIsPreparedAndSaysUntilThenWhatIsMissing() throws Exception {
        AtomicBoolean prepared = new AtomicBoolean();
        Recorder recorder = Recorder.acceptingAll();
        WorkLoop loop = new WorkLoop(
                "prepared", new ShareGroupQueue(connection, Topics.CHUNK_WORKERS), 2, recorder, publisher,
                Clock.systemUTC(), letter -> { });
        WorkerLife life = new WorkerLife("prepared", connection, false, -1,
                () -> prepared.get() ? List.of() : List.of("the benchmarks are not there"), loop);
        publish("prepared-1");
        life.begin();
        await(() -> life.obstacles().equals(List.of("the benchmarks are not there")));
        assertFalse(life.running());
        assertTrue(life.alive(), "whoever waits is not to be restarted");
        prepared.set(true);
        await(() -> recorder.seen().equals(List.of("prepared-1")));
        assertEquals(List.of(), life.obstacles());
        life.end(Duration.ofSeconds(10));
        assertEquals(List.of("the worker is stopping"), life.obstacles());
        assertTrue(life.alive());
        assertFalse(loop.alive());
    }

    @Test
    void theRecordOfAKilledWorkerComesToAnotherAtOnceAndSaysSo() throws Exception {
        publish("killed");
        Process worker = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx64m", "-XX:+UseSerialGC",
                "-cp", System.getProperty("java.class.path"), Holder.class.getName(), broker.bootstrapServers())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(worker.getInputStream(), StandardCharsets.UTF_8))) {
            assertEquals("holds killed", output.readLine());
            BlockingQueue<Integer> deliveries = new LinkedBlockingQueue<>();
            Recorder survivor = new Recorder((merge, work, turn) -> {
                deliveries.add(work.deliveries());
                return WorkHandler.Outcome.DONE;
            });
            try (WorkLoop loop = start("survivor", survivor)) {
                assertEquals(null, deliveries.poll(6, TimeUnit.SECONDS), "it is locked while its worker lives");
                long killed = System.nanoTime();
                worker.destroyForcibly().waitFor();
                Integer count = deliveries.poll(30, TimeUnit.SECONDS);
                long millis = (System.nanoTime() - killed) / 1_000_000;
                assertEquals(2, count);
                assertTrue(millis < 5_000, "redelivered after " + millis + " ms, though the lock is of 15 minutes");
            }
        } finally {
            worker.destroyForcibly();
        }
    }

    /** Takes one record, says which, and holds it for ever. */
    static final class Holder {
        public static void main(String[] arguments) throws InterruptedException {
            Map<String, Object> connection = Map.of("bootstrap.servers", arguments[0]);
            try (WorkQueue.Slot slot = new ShareGroupQueue(connection, Topics.CHUNK_WORKERS).open()) {
                Optional<WorkQueue.Held> held = Optional.empty();
                while (held.isEmpty()) {
                    held = slot.poll(Duration.ofMillis(500));
                }
                Received received = (Received) EventCodec.decode(held.get().record());
                System.out.println("holds " + ((ChunkRequested) received.event()).merge());
                Thread.sleep(Duration.ofDays(1));
            }
        }
    }

    @Test
    void aLogIsReadFromItsBeginningToItsEndByEveryReader() throws Exception {
        List<Event> events = List.of(
                new Event.MergeFailed("log-1", "a", "STALLED", "because", NOW),
                new Event.MergeFailed("log-2", "a", "STALLED", "because", NOW));
        for (Event event : events) {
            publisher.publish(event, TraceContext.start()).get();
        }
        for (int reader = 0; reader < 2; reader++) {
            Set<Event> read = ConcurrentHashMap.newKeySet();
            try (LogReader log = new LogReader(connection, Topics.MERGES, received -> read.add(received.event()))) {
                log.start();
                assertTrue(log.awaitEnd(Duration.ofSeconds(20)));
                assertTrue(read.containsAll(events));
                Event later = new Event.MergeFailed("log-later-" + reader, "a", "STALLED", "because", NOW);
                publisher.publish(later, TraceContext.start()).get();
                assertTrue(log.awaitEnd(Duration.ofSeconds(20)));
                assertTrue(read.contains(later));
            }
        }
    }

    private static WorkLoop start(String name, WorkHandler handler) {
        WorkLoop loop = new WorkLoop(
                name, new ShareGroupQueue(connection, Topics.CHUNK_WORKERS), 2, handler, publisher, Clock.systemUTC(),
                letter -> { });
        loop.start();
        return loop;
    }

    private static void publish(String... merges) throws Exception {
        for (String merge : merges) {
            publisher.publish(
                    new ChunkRequested(merge, "artifact", "plan", 0, 1, "slice", 1, 1, 1, 1, 60, NOW),
                    TraceContext.start()).get();
        }
    }

    private static void publishRaw(String value) throws Exception {
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(connection, new StringSerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(
                    Topics.MERGE_CHUNKS.name(), "key", value.getBytes(StandardCharsets.UTF_8))).get();
        }
    }

    private static void alter(ConfigResource resource, String key, String value) throws Exception {
        Collection<AlterConfigOp> change =
                List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET));
        admin.incrementalAlterConfigs(Map.of(resource, change)).all().get();
        Thread.sleep(200);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "not within a minute");
            Thread.sleep(10);
        }
    }
}
