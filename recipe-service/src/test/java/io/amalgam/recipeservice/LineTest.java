package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.EventRoute;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;

/** Topics into the projection, through a real broker. */
@QuarkusTest
@WithTestResource(LineResource.class)
class LineTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Inject
    Database database;

    @Inject
    MergeQueries merges;

    @Inject
    Broker broker;

    @ConfigProperty(name = "quarkus.datasource.jdbc.url")
    String address;

    @TestHTTPResource
    URI server;

    @Test
    void whatWorkersPublishIsSeen() {
        List<Event> life = ProjectionTest.life("published");
        publish(life);
        await().atMost(PATIENCE).until(() -> settled(life.getFirst()));
    }

    @Test
    void anUnreadableRecordBecomesADeadLetterAndTheLineGoesOn() throws Exception {
        Event.MergeRequested request = Events.requested("behind-poison", 1);
        int partition = EventRoute.of(request).partition();
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(broker.connection(), new StringSerializer(), new ByteArraySerializer())) {
            ProducerRecord<String, byte[]> poison = new ProducerRecord<>("merge-requests", partition, "poison",
                    "{\"merge\": 12".getBytes(StandardCharsets.UTF_8));
            poison.headers().add("ce_type", "io.amalgam.MergeRequested".getBytes(StandardCharsets.UTF_8));
            producer.send(poison).get();
            ProducerRecord<String, byte[]> nonsense = new ProducerRecord<>("merge-requests", partition, "nonsense",
                    new String(EventCodec.json(request), StandardCharsets.UTF_8)
                            .replace(request.merge(), "no-uuid").getBytes(StandardCharsets.UTF_8));
            nonsense.headers().add("ce_type", "io.amalgam.MergeRequested".getBytes(StandardCharsets.UTF_8));
            producer.send(nonsense).get();
        }
        publish(List.of(request));
        await().atMost(PATIENCE).until(() -> merges.find(Projections.ALL, UUID.fromString(request.merge())).isPresent());
        await().atMost(PATIENCE).untilAsserted(() -> assertEquals(2, letters(partition).size()));
        assertTrue(letters(partition).stream().allMatch(letter -> letter.startsWith("EVENT_INVALID")),
                () -> letters(partition).toString());
        assertTrue(letters(partition).getLast().contains("no-uuid"), () -> letters(partition).toString());
    }

    @Test
    void brokenDatabaseConnectionsLoseAndRepeatNothing() throws Exception {
        int merges = 60;
        List<Event> events = new ArrayList<>();
        for (int merge = 0; merge < merges; merge++) {
            events.addAll(ProjectionTest.life("outage-" + merge));
        }
        int broken = 0;
        try (EventPublisher publisher = new EventPublisher(broker.connection(), "test", Clock.systemUTC());
                Connection administrator = DriverManager.getConnection(address, "postgres", "")) {
            for (int index = 0; index < events.size(); index++) {
                publisher.publish(events.get(index), TraceContext.start()).join();
                if (index % 20 == 0) {
                    // The line reads on meanwhile and holds a connection again at some moment: that one is broken.
                    broken += await().pollInterval(Duration.ofMillis(5)).atMost(PATIENCE).until(
                            () -> Sql.list(administrator, """
                                    select pg_terminate_backend(pid) from pg_stat_activity
                                    where pid <> pg_backend_pid() and backend_type = 'client backend'""",
                                    row -> row.getBoolean(1)).size(), closed -> closed > 0);
                }
            }
        }
        assertTrue(broken > 10, "connections that were broken: " + broken);
        await().atMost(PATIENCE).ignoreExceptions().untilAsserted(() -> {
            for (Event event : events) {
                if (event instanceof Event.MergeRequested) {
                    assertTrue(settled(event));
                }
            }
        });
        for (Event event : events) {
            if (event instanceof Event.MergeRequested request) {
                List<MergeEventView> told = this.merges.eventsAfter(Projections.ALL, UUID.fromString(request.merge()), 0, 1000);
                assertEquals(1, told.stream().filter(each -> each.type().equals("completed")).count());
                assertEquals(3, told.stream().filter(each -> each.type().equals("chunk")).count());
            }
        }
    }

    @Test
    void aProjectionThatIsDroppedWhileTheServiceRunsIsRebuiltFromTheTopics() throws Exception {
        List<Event> life = ProjectionTest.life("rebuilt");
        publish(life);
        publish(List.of(Events.requested("rebuilt-open", 1)));
        await().atMost(PATIENCE).until(() -> settled(life.getFirst())
                && merges.find(Projections.ALL, UUID.fromString(Events.requested("rebuilt-open", 1).merge())).isPresent());
        // Other tests put events into the database without Kafka: the first rebuild drops those.
        rebuild();
        String first = Projections.dump(database, false);
        assertTrue(first.contains("rebuilt-open"), first);
        assertTrue(settled(life.getFirst()));
        rebuild();
        assertEquals(first, Projections.dump(database, false));
    }

    @Test
    void rebuildsInTheMiddleOfTrafficLoseAndRepeatNothing() throws Exception {
        List<Event> requests = new ArrayList<>();
        Http http = new Http(server);
        for (int merge = 0; merge < 30; merge++) {
            List<Event> life = ProjectionTest.life("rebuilt-under-way-" + merge);
            requests.add(life.getFirst());
            publish(life);
            if (merge % 5 == 4) {
                assertEquals(202, http.send("POST", "/api/projection/rebuild", null, null).status());
            }
        }
        await().atMost(PATIENCE).until(() -> http.get("/api/projection").json().path("behind").asLong() == 0);
        for (Event request : requests) {
            assertTrue(settled(request), request.toString());
            List<MergeEventView> told =
                    merges.eventsAfter(Projections.ALL, UUID.fromString(((Event.MergeRequested) request).merge()), 0, 1000);
            assertEquals(1, told.stream().filter(each -> each.type().equals("completed")).count());
            assertEquals(3, told.stream().filter(each -> each.type().equals("chunk")).count());
        }
    }

    private void rebuild() throws Exception {
        Http http = new Http(server);
        assertEquals(202, http.send("POST", "/api/projection/rebuild", null, null).status());
        await().atMost(PATIENCE).until(() -> http.get("/api/projection").json().path("behind").asLong() == 0);
    }

    private boolean settled(Event requested) {
        return merges.find(Projections.ALL, UUID.fromString(((Event.MergeRequested) requested).merge()))
                .filter(MergeView::settled)
                .isPresent();
    }

    private List<String> letters(int partition) {
        return database.read(connection -> Sql.list(connection, """
                select code, reason from projection.dead_letter where topic = 'merge-requests' and partition = ?
                order by record_offset""",
                row -> row.getString("code") + " " + row.getString("reason"), partition));
    }

    private void publish(List<Event> events) {
        try (EventPublisher publisher = new EventPublisher(broker.connection(), "test", Clock.systemUTC())) {
            for (Event event : events) {
                publisher.publish(event, TraceContext.start()).join();
            }
        }
    }
}
