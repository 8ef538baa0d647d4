package io.amalgam.recipeservice;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.EventRoute;
import io.amalgam.events.TraceContext;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.database.Sql;
import io.amalgam.recipeservice.messaging.Broker;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Records that were given up, with a real broker and database. */
@QuarkusTest
@WithTestResource(LineResource.class)
class DeadLetterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String TOPIC = "merge-chunks";
    private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

    @TestHTTPResource
    URI server;

    @Inject
    Database database;

    @Inject
    Broker broker;

    private Http http;

    @BeforeEach
    void ready() {
        http = Http.ready(server);
    }

    @Test
    void aLetterIsShownWithItsReasonPlaceAndTrace() throws Exception {
        String letter = letterOf(poison("shown"), "WORKER_LOST");
        JsonNode shown = shown(letter);
        assertEquals("open", shown.path("state").asText());
        assertEquals("WORKER_LOST", shown.path("code").asText());
        assertEquals(TOPIC, shown.path("topic").asText());
        assertEquals("{\"poison\": \"shown\"}", shown.path("value").asText());
        assertEquals(TRACE, shown.path("trace").asText());
        assertEquals(Events.requested("shown", 1).merge(), shown.path("merge").asText());
        assertTrue(http.get("/api/dead-letters?state=open&limit=200").text().contains(letter));
        assertEquals(404, http.get("/api/dead-letters/00000000-0000-0000-0000-000000000000").status());
        assertEquals(400, http.get("/api/dead-letters?state=lost").status());
    }

    @Test
    void manyReplaysAtOncePublishTheRecordOnce() throws Exception {
        RecordMetadata place = poison("replayed");
        String letter = letterOf(place, "INTERNAL");
        List<Future<Http.Answer>> answers = new ArrayList<>();
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 8; i++) {
                answers.add(executor.submit(() -> http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null)));
            }
        }
        for (Future<Http.Answer> answer : answers) {
            assertEquals(200, answer.get().status(), answer.get().text());
            assertEquals("replayed", answer.get().json().path("state").asText());
        }
        List<ConsumerRecord<String, byte[]>> replayed = replaysOf(letter);
        assertEquals(1, replayed.size());
        assertEquals("{\"poison\": \"replayed\"}", new String(replayed.getFirst().value(), StandardCharsets.UTF_8));
        assertTrue(replayed.getFirst().offset() > place.offset());
        assertEquals(409, http.send("DELETE", "/api/dead-letters/" + letter, null, null).status());
    }

    @Test
    void aReplayThatBrokeOffAfterPublishingIsNotRepeated() throws Exception {
        RecordMetadata place = poison("broken-off");
        String letter = letterOf(place, "INTERNAL");
        assertEquals(200, http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null).status());
        // What a crash between publishing and committing leaves behind.
        database.read(connection -> Sql.update(connection,
                "update owned.dead_letter_decision set state = 'replaying' where letter = ?::uuid", letter));
        assertEquals("open", shown(letter).path("state").asText());
        assertEquals(200, http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null).status());
        assertEquals("replayed", shown(letter).path("state").asText());
        assertEquals(1, replaysOf(letter).size());
    }

    @Test
    void aDroppedLetterStaysDropped() throws Exception {
        String letter = letterOf(poison("dropped"), "INTERNAL");
        for (int i = 0; i < 2; i++) {
            Http.Answer dropped = http.send("DELETE", "/api/dead-letters/" + letter, null, null);
            assertEquals(200, dropped.status(), dropped.text());
            assertEquals("dropped", dropped.json().path("state").asText());
        }
        Http.Answer replay = http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null);
        assertEquals(409, replay.status(), replay.text());
        assertEquals(List.of(), replaysOf(letter));
    }

    @Test
    void aLetterOfAnEndedMergeNamesTheCommandThatHelps() throws Exception {
        Event.MergeRequested request = Events.requested("ended", 1);
        publish(request);
        publish(new Event.MergeFailed(request.merge(), "ended", "WORKER_LOST", "three workers died", Instant.now()));
        await().atMost(PATIENCE).until(() -> http.get("/api/merges/" + request.merge()).text().contains("\"failed\""));
        String letter = letterOf(poison("ended"), "WORKER_LOST");
        Http.Answer replay = http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null);
        assertEquals(409, replay.status());
        assertTrue(replay.text().contains("amalgam retry " + request.merge()), replay.text());
    }

    @Test
    void aLetterThatNamesATopicOfOthersIsNotFollowed() throws Exception {
        Event.DeadLetter foreign = new Event.DeadLetter(
                "payroll", 0, 3, null, null, "INTERNAL", "forged", null, "x", "test", Instant.now(), null);
        publish(foreign);
        String letter = EventRoute.of(foreign).id();
        await().atMost(PATIENCE).until(() -> http.get("/api/dead-letters/" + letter).status() == 200);
        assertEquals(409, http.send("POST", "/api/dead-letters/" + letter + "/replay", null, null).status());
    }

    private JsonNode shown(String letter) throws Exception {
        Http.Answer answer = http.get("/api/dead-letters/" + letter);
        assertEquals(200, answer.status(), answer.text());
        return answer.json();
    }

    /** A record on the work topic that belongs to the merge of an artifact. */
    private RecordMetadata poison(String artifact) throws Exception {
        try (KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(broker.connection(), new StringSerializer(), new ByteArraySerializer())) {
            ProducerRecord<String, byte[]> record = new ProducerRecord<>(TOPIC, 0,
                    Events.requested(artifact, 1).merge() + "/0",
                    "{\"poison\": \"%s\"}".formatted(artifact).getBytes(StandardCharsets.UTF_8));
            record.headers().add("traceparent", ("00-" + TRACE + "-b7ad6b7169203331-01").getBytes(StandardCharsets.UTF_8));
            return producer.send(record).get();
        }
    }

    /** Gives a record up as a worker does, and waits until that is seen. */
    private String letterOf(RecordMetadata place, String code) {
        ConsumerRecord<String, byte[]> record = records().stream()
                .filter(each -> each.offset() == place.offset()).findFirst().orElseThrow();
        Event.DeadLetter letter = EventCodec.deadLetter(record, code, "given up by a test", "test", Instant.now());
        publish(letter);
        String id = EventRoute.of(letter).id();
        await().atMost(PATIENCE).until(() -> http.get("/api/dead-letters/" + id).status() == 200);
        return id;
    }

    private void publish(Event event) {
        try (EventPublisher publisher = new EventPublisher(broker.connection(), "test", Clock.systemUTC())) {
            publisher.publish(event, TraceContext.start()).join();
        }
    }

    private List<ConsumerRecord<String, byte[]>> replaysOf(String letter) {
        return records().stream()
                .filter(record -> letter.equals(EventCodec.text(record.headers(), EventPublisher.REPLAY_HEADER)))
                .toList();
    }

    private List<ConsumerRecord<String, byte[]>> records() {
        TopicPartition partition = new TopicPartition(TOPIC, 0);
        Map<String, Object> settings = new HashMap<>(broker.connection());
        settings.put("enable.auto.commit", false);
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer =
                new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            while (consumer.position(partition) < end) {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
            }
        }
        return records;
    }
}
