package io.amalgam.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.amalgam.events.EventCodec.Decoded;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventCodec.Unreadable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EventCodecTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TraceContext TRACE =
            new TraceContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    static List<Event> samples() {
        return Samples.all();
    }

    @Test
    void thereIsASampleOfEveryKindOfEvent() {
        Set<Class<?>> seen = new HashSet<>();
        Samples.all().forEach(event -> seen.add(event.getClass()));
        assertEquals(Set.copyOf(EventCodec.types().values()), seen);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void anEventComesBackAsItWasSent(Event event) {
        ProducerRecord<String, byte[]> record = EventCodec.encode(event, "test/one", TRACE, Samples.NOW);
        Received received = assertInstanceOf(Received.class, EventCodec.decode(record.headers(), record.value()));
        assertEquals(event, received.event());
        assertEquals("test/one", received.source());
        assertEquals(Samples.NOW, received.time());
        assertEquals(TRACE, received.trace());
        assertEquals("1.0", EventCodec.text(record.headers(), "ce_specversion"));
        assertEquals("io.amalgam." + event.getClass().getSimpleName(), EventCodec.text(record.headers(), "ce_type"));
        assertTrue(record.value().length <= EventCodec.MAXIMUM_BYTES);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void anEventSatisfiesItsSchemaAndEachRequiredFieldIsReallyRequired(Event event) throws IOException {
        JsonSchema schema = schema(event.getClass());
        JsonNode tree = JSON.readTree(EventCodec.json(event));
        assertEquals(Set.<ValidationMessage>of(), schema.validate(tree));
        for (RecordComponent component : event.getClass().getRecordComponents()) {
            ObjectNode without = tree.deepCopy();
            without.remove(component.getName());
            boolean optional = component.isAnnotationPresent(Event.Optional.class);
            assertEquals(optional, schema.validate(without).isEmpty(), component.getName() + " by schema");
            Decoded decoded = EventCodec.decode(headers(event), JSON.writeValueAsBytes(without));
            assertEquals(optional, decoded instanceof Received, component.getName() + " by codec");
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theSchemaDescribesExactlyTheFieldsOfTheRecord(Event event) throws IOException {
        JsonNode schema = JSON.readTree(schemaText(event.getClass()));
        Set<String> described = new TreeSet<>();
        schema.get("properties").fieldNames().forEachRemaining(described::add);
        Set<String> fields = new TreeSet<>();
        for (RecordComponent component : event.getClass().getRecordComponents()) {
            fields.add(component.getName());
        }
        assertEquals(fields, described);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void fieldsOfLaterReleasesAreIgnored(Event event) throws IOException {
        ObjectNode tree = (ObjectNode) JSON.readTree(EventCodec.json(event));
        tree.put("fieldOfALaterRelease", 17).putObject("another").put("inside", true);
        Received received = assertInstanceOf(
                Received.class, EventCodec.decode(headers(event), JSON.writeValueAsBytes(tree)));
        assertEquals(event, received.event());
        assertEquals(Set.<ValidationMessage>of(), schema(event.getClass()).validate(tree));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void messagesOfEarlierReleasesAreRead(Event event) throws IOException {
        String name = event.getClass().getSimpleName();
        for (String release : List.of("0.1.0")) {
            try (InputStream sample = EventCodecTest.class.getResourceAsStream(
                    "/samples/%s/%s.json".formatted(release, name))) {
                if (sample == null) {
                    // Kinds of events that came later; that the first release has all of its own is checked below.
                    continue;
                }
                byte[] value = sample.readAllBytes();
                Received received = assertInstanceOf(Received.class, EventCodec.decode(headers(event), value));
                ObjectNode then = (ObjectNode) JSON.readTree(value);
                JsonNode now = JSON.readTree(EventCodec.json(received.event()));
                then.fieldNames().forEachRemaining(
                        field -> assertEquals(then.get(field), now.get(field), field + " keeps its meaning"));
                assertEquals(Set.<ValidationMessage>of(), schema(event.getClass()).validate(then));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void everyEventOfThisReleaseHasAStoredSample(Event event) throws IOException {
        try (InputStream sample = EventCodecTest.class.getResourceAsStream(
                "/samples/0.1.0/%s.json".formatted(event.getClass().getSimpleName()))) {
            assertEquals(JSON.readTree(EventCodec.json(event)), JSON.readTree(sample.readAllBytes()));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void aRepetitionCarriesTheSameIdAndLiesInTheSamePartition(Event event) {
        EventRoute first = EventRoute.of(event);
        EventRoute second = EventRoute.of(event);
        assertEquals(first.id(), second.id());
        assertEquals(first.partition(), second.partition());
        assertTrue(first.partition() < first.topic().partitions());
    }

    @Test
    void differentEventsHaveDifferentIds() {
        Set<String> ids = new HashSet<>();
        Samples.all().forEach(event -> assertTrue(ids.add(EventRoute.of(event).id()), event.toString()));
        assertNotEquals(Identifiers.of("a", "bc"), Identifiers.of("ab", "c"));
        assertNotEquals(Identifiers.merge(Samples.ARTIFACT, 1), Identifiers.merge(Samples.ARTIFACT, 2));
    }

    @Test
    void computedIdentifiersAreVersionFiveUuids() {
        var uuid = java.util.UUID.fromString(Identifiers.merge(Samples.ARTIFACT, 1));
        assertEquals(5, uuid.version());
        assertEquals(2, uuid.variant());
    }

    @Test
    void everythingOfAMergeLiesInPartitionsOfOneNumber() {
        Set<Integer> partitions = new HashSet<>();
        List<String> topics = List.of("merge-requests", "merges", "chunk-results");
        for (Event event : Samples.all()) {
            EventRoute route = EventRoute.of(event);
            if (topics.contains(route.topic().name())) {
                partitions.add(route.partition());
            }
        }
        assertEquals(Set.of(EventRoute.partition(Topics.MERGES, Samples.MERGE)), partitions);
    }

    @Test
    void terminalEventsNeverReplaceEachOtherByCompaction() {
        Event failed = new Event.MergeFailed(Samples.MERGE, Samples.ARTIFACT, "STALLED", "no progress", Samples.NOW);
        assertNotEquals(EventRoute.of(failed).recordKey(), EventRoute.of(failed).recordKey());
    }

    @Test
    void whatIsNoEventIsNamedAndNotThrown() {
        Event event = Samples.all().getFirst();
        byte[] value = EventCodec.json(event);
        assertUnreadable(new RecordHeaders(), value, "ce_type");
        RecordHeaders unknown = new RecordHeaders();
        unknown.add("ce_type", "com.example.Other".getBytes(StandardCharsets.UTF_8));
        assertUnreadable(unknown, value, "com.example.Other");
        RecordHeaders headers = headers(event);
        assertUnreadable(headers, null, "no value");
        assertUnreadable(headers, new byte[0], "not a JSON object");
        assertUnreadable(headers, "{".getBytes(StandardCharsets.UTF_8), "not the JSON");
        assertUnreadable(headers, "[1]".getBytes(StandardCharsets.UTF_8), "not a JSON object");
        assertUnreadable(headers, "{}".getBytes(StandardCharsets.UTF_8), "lacks the field merge");
        assertUnreadable(headers, new byte[] {(byte) 0xff, 0, 1}, "not the JSON");
        assertUnreadable(headers, ("[".repeat(2000)).getBytes(StandardCharsets.UTF_8), "not the JSON");
        assertUnreadable(headers, new byte[EventCodec.MAXIMUM_BYTES + 1], "more than");
        String text = new String(value, StandardCharsets.UTF_8);
        assertUnreadable(headers, (text + " {}").getBytes(StandardCharsets.UTF_8), "not the JSON");
        assertUnreadable(
                headers, text.replace("\"attempt\":1", "\"attempt\":\"many\"").getBytes(StandardCharsets.UTF_8),
                "not the JSON");
    }

    @ParameterizedTest
    @MethodSource("samples")
    void damagedMessagesNeverThrow(Event event) {
        byte[] value = EventCodec.json(event);
        RecordHeaders headers = headers(event);
        Random random = new Random(event.getClass().getSimpleName().hashCode());
        int unreadable = 0;
        for (int i = 0; i < 2_000; i++) {
            byte[] damaged = value.clone();
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            if (random.nextInt(8) == 0) {
                damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
            }
            unreadable += EventCodec.decode(headers, damaged) instanceof Unreadable ? 1 : 0;
        }
        assertTrue(unreadable > 500, "most damage is noticed: " + unreadable);
    }

    @Test
    void anEventThatIsTooLargeIsRefusedBeforeItIsSent() {
        Event event = new Event.MergeFailed(Samples.MERGE, Samples.ARTIFACT, "INTERNAL", "x".repeat(9_000), Samples.NOW);
        assertThrows(IllegalArgumentException.class, () -> EventCodec.encode(event, "test", TRACE, Samples.NOW));
    }

    @Test
    void aDeadLetterOfTheWorstRecordStillFits() {
        RecordHeaders headers = new RecordHeaders();
        headers.add("ce_type", "t".repeat(5_000).getBytes(StandardCharsets.UTF_8));
        byte[] controls = new byte[100_000];
        var record = new ConsumerRecord<>(
                "merge-chunks", 1, 5L, 0L, org.apache.kafka.common.record.TimestampType.CREATE_TIME, 1, 1,
                "k".repeat(5_000), controls, headers, java.util.Optional.empty());
        Event.DeadLetter letter = EventCodec.deadLetter(
                record, EventCodec.EVENT_INVALID, "r".repeat(5_000), "test", Samples.NOW);
        assertTrue(EventCodec.json(letter).length <= EventCodec.MAXIMUM_BYTES);
        assertEquals(5L, letter.offset());
        assertFalse(letter.value().isEmpty());
    }

    @Test
    void aTraceKeepsItsIdFromRecordToRecord() {
        TraceContext next = TRACE.next();
        assertEquals("0af7651916cd43dd8448eb211c80319c", next.traceId());
        assertNotEquals(TRACE, next);
        assertTrue(next.traceparent().endsWith("-01"));
        for (String malformed : List.of("", "00-0-0-01", "00-" + "0".repeat(32) + "-b7ad6b7169203331-01")) {
            assertNotEquals(malformed, TraceContext.of(malformed).traceparent());
        }
        assertNotEquals(TraceContext.start().traceId(), TraceContext.start().traceId());
    }

    private static void assertUnreadable(RecordHeaders headers, byte[] value, String reason) {
        Unreadable unreadable = assertInstanceOf(Unreadable.class, EventCodec.decode(headers, value));
        assertTrue(unreadable.reason().contains(reason), unreadable.reason());
    }

    private static RecordHeaders headers(Event event) {
        return (RecordHeaders) EventCodec.encode(event, "test", TRACE, Samples.NOW).headers();
    }

    private static JsonSchema schema(Class<?> event) throws IOException {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(schemaText(event));
    }

    private static String schemaText(Class<?> event) throws IOException {
        try (InputStream schema =
                EventCodec.class.getResourceAsStream("/schemas/%s.json".formatted(event.getSimpleName()))) {
            return new String(schema.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
