package io.amalgam.mergeworker.coordination;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.broker.BrokerProcess;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.LogReader;
import io.amalgam.events.TopicAdministration;
import io.amalgam.events.Topics;
import io.amalgam.events.TraceContext;
import io.amalgam.mergeworker.coordination.Coordinator.Outgoing;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a coordinator publishes when it loses a partition, with a real broker. */
@Timeout(180)
class CoordinatorTest {
    private static final String MERGE = "5a2d3c1e-0000-5000-8000-000000000001";
    private static final String DIGEST = "ab".repeat(32);
    private static final Clock CLOCK = Clock.systemUTC();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path folder;

    /** Else the merge would be closed, and its next owner would not announce the artifact either. */
    @Test
    void aMergeIsNotClosedWhenItsArtifactCouldNotBeAnnouncedBeforeThePartitionWasLost() throws Exception {
        Instant now = CLOCK.instant();
        MergeProgressed before = new MergeProgressed(MERGE, 1, 8, 0, 1, 1, 8, now);
        ArtifactCompleted artifact = new ArtifactCompleted(
                DIGEST, MERGE, "twin", "linear", "artifacts/" + DIGEST, DIGEST, 1, List.of(), List.of(), 1, now);
        MergeCompleted end = new MergeCompleted(MERGE, DIGEST, "artifacts/" + DIGEST, DIGEST, now);
        TraceContext trace = TraceContext.start();
        List<Event> told = new ArrayList<>();
        List<Event> read = new CopyOnWriteArrayList<>();
        MergesView view = new MergesView(CLOCK);
        try (BrokerProcess broker = BrokerProcess.start(folder.resolve("broker"))) {
            Map<String, Object> connection = Map.of("bootstrap.servers", broker.bootstrapServers());
            try (Admin admin = Admin.create(connection)) {
                new TopicAdministration(admin, true, 1).ensure();
            }
            try (EventPublisher publisher = new EventPublisher(connection, "test", CLOCK);
                    LogReader log = new LogReader(connection, Topics.MERGES, received -> read.add(received.event()));
                    Coordinator coordinator = new Coordinator(
                            publisher, new MergePlanning(new FileSystemStore(folder.resolve("store"))), view, log, CLOCK,
                            told::add)) {
                // The topic of merges is known from now on, so that only the announcement of the artifact has to wait.
                coordinator.publish(List.of(new Outgoing(before, trace)), () -> false);

                Thread.currentThread().interrupt();
                assertThrows(InterruptedException.class, () -> coordinator.publish(
                        List.of(new Outgoing(artifact, trace), new Outgoing(end, trace)), () -> true));
                Thread.interrupted();

                assertEquals(List.of(before), told);
                log.start();
                assertTrue(log.awaitEnd(PATIENCE));
                assertEquals(List.of(before), read);

                coordinator.publish(List.of(new Outgoing(artifact, trace), new Outgoing(end, trace)), () -> false);
                assertEquals(List.of(before, artifact, end), told);
            }
        }
    }
}
