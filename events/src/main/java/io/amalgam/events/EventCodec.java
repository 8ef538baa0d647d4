package io.amalgam.events;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Events to Kafka records and back: CloudEvents 1.0 in Kafka's binary mode (attributes are headers, the value is the
 * event's JSON) with the W3C {@code traceparent} beside them.
 *
 * <p>Reading never throws: a record that is no event of ours comes back as {@link Unreadable}, for the dead letters.
 */
public final class EventCodec {

    /** The most bytes an event's JSON may have. Weights, plans and answers lie in the store; events name them. */
    public static final int MAXIMUM_BYTES = 8 * 1024;

    /** The error code of everything that cannot be read: the name of the engine's constant. */
    public static final String EVENT_INVALID = "EVENT_INVALID";

    private static final String ID = "ce_id";
    private static final String TYPE = "ce_type";
    private static final String SOURCE = "ce_source";
    private static final String SPECIFICATION = "ce_specversion";
    private static final String TIME = "ce_time";
    private static final String SUBJECT = "ce_subject";
    private static final int DEEPEST = 16;
    /** Keys of records about a merge are its id, or begin with it. */
    private static final Pattern MERGE_KEY =
            Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)");

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build())
                    .build())
            .addModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .serializationInclusion(JsonInclude.Include.NON_NULL)
            .build();

    private static final Map<String, Class<? extends Event>> TYPES = types();

    /** What a record turned out to be. */
    public sealed interface Decoded {
    }

    /**
     * An event as it was read.
     *
     * @param event the event
     * @param id its CloudEvents id: a repetition carries the same one
     * @param source who made it
     * @param time when
     * @param trace which request it belongs to
     */
    public record Received(Event event, String id, String source, Instant time, TraceContext trace)
            implements Decoded {
    }

    /**
     * A record that is no event of ours.
     *
     * @param type what it says it is, or null
     * @param reason one sentence
     */
    public record Unreadable(String type, String reason) implements Decoded {
    }

    private EventCodec() {
    }

    /** The record of an event: topic, partition, key, headers and JSON. */
    public static ProducerRecord<String, byte[]> encode(Event event, String source, TraceContext trace, Instant now) {
        byte[] value = json(event);
        if (value.length > MAXIMUM_BYTES) {
            throw new IllegalArgumentException("event %s of %d bytes exceeds %d bytes"
                    .formatted(EventRoute.type(event.getClass()), value.length, MAXIMUM_BYTES));
        }
        EventRoute route = EventRoute.of(event);
        ProducerRecord<String, byte[]> record =
                new ProducerRecord<>(route.topic().name(), route.partition(), route.recordKey(), value);
        Headers headers = record.headers();
        add(headers, SPECIFICATION, "1.0");
        add(headers, ID, route.id());
        add(headers, TYPE, EventRoute.type(event.getClass()));
        add(headers, SOURCE, source);
        add(headers, SUBJECT, route.subject());
        add(headers, TIME, now.toString());
        add(headers, "content-type", "application/json");
        add(headers, TraceContext.HEADER, trace.traceparent());
        return record;
    }

    /** Reads a record. Fields that are not known are ignored. */
    public static Decoded decode(ConsumerRecord<?, byte[]> record) {
        return decode(record.headers(), record.value());
    }

    /** Reads a record from its parts. */
    public static Decoded decode(Headers headers, byte[] value) {
        String type = text(headers, TYPE);
        if (type == null) {
            return new Unreadable(null, "the header ce_type is missing, so that the record is no CloudEvent");
        }
        Class<? extends Event> eventClass = TYPES.get(type);
        if (eventClass == null) {
            return new Unreadable(type, "the event type %s is not known here".formatted(abbreviate(type)));
        }
        if (value == null) {
            return new Unreadable(type, "the record has no value");
        }
        if (value.length > MAXIMUM_BYTES) {
            return new Unreadable(
                    type, "the value has %d bytes, more than the %d of any event".formatted(value.length, MAXIMUM_BYTES));
        }
        try {
            JsonNode tree = JSON.readTree(value);
            String missing = missing(eventClass, tree, "");
            if (missing != null) {
                return new Unreadable(type, missing);
            }
            Event event = JSON.treeToValue(tree, eventClass);
            return new Received(
                    event, identity(headers, event), orEmpty(text(headers, SOURCE)), time(headers),
                    TraceContext.of(text(headers, TraceContext.HEADER)));
        } catch (JsonProcessingException malformed) {
            return new Unreadable(type, "the value is not the JSON of %s: %s"
                    .formatted(eventClass.getSimpleName(), abbreviate(malformed.getOriginalMessage())));
        } catch (IOException | IllegalArgumentException malformed) {
            return new Unreadable(type, "the value is not %s: %s"
                    .formatted(eventClass.getSimpleName(), abbreviate(malformed.getMessage())));
        }
    }

    /** An event's JSON. */
    public static byte[] json(Event event) {
        try {
            return JSON.writeValueAsBytes(event);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("an event cannot be written as JSON: " + event, impossible);
        }
    }

    /** The classes of all events, by CloudEvents type, in the order of their names. */
    public static Map<String, Class<? extends Event>> types() {
        Map<String, Class<? extends Event>> types = new TreeMap<>();
        for (Class<?> subclass : Event.class.getPermittedSubclasses()) {
            Class<? extends Event> event = subclass.asSubclass(Event.class);
            types.put(EventRoute.type(event), event);
        }
        return types;
    }

    /**
     * The dead letter of a record that was given up; its value is cut so that the letter itself fits.
     *
     * @param code name of an engine error code
     * @param reason one sentence
     * @param by who gave it up
     */
    public static Event.DeadLetter deadLetter(
            ConsumerRecord<?, byte[]> record, String code, String reason, String by, Instant now) {
        String merge = mergeOf(record);
        String trace = TraceContext.traceId(text(record.headers(), TraceContext.HEADER));
        String value = record.value() == null ? null : new String(record.value(), StandardCharsets.UTF_8);
        String key = record.key() == null ? null : abbreviate(record.key().toString());
        String type = text(record.headers(), TYPE);
        int length = value == null ? 0 : Math.min(value.length(), 4_000);
        while (true) {
            String cut = value == null ? null : value.substring(0, length);
            Event.DeadLetter letter = new Event.DeadLetter(
                    record.topic(), record.partition(), record.offset(), key, type == null ? null : abbreviate(type),
                    code, abbreviate(reason), merge, cut, by, now, trace);
            // Characters that JSON escapes take up to six bytes each, so the length is found by trying.
            if (length == 0 || json(letter).length <= MAXIMUM_BYTES) {
                return letter;
            }
            length /= 2;
        }
    }

    /** The merge that a record belongs to, as far as its key tells without its value being readable; else null. */
    private static String mergeOf(ConsumerRecord<?, byte[]> record) {
        if (record.key() == null || !Topics.KEYED_BY_MERGE.contains(record.topic())) {
            return null;
        }
        Matcher merge = MERGE_KEY.matcher(record.key().toString());
        return merge.lookingAt() ? merge.group(1) : null;
    }

    /** At most 500 characters of a text: messages of others are of any length. */
    public static String abbreviate(String text) {
        int most = 500;
        return text == null || text.length() <= most ? text : text.substring(0, most) + "…";
    }

    /** Names the first field that must be there and is not, in the event or in a record inside of it. */
    private static String missing(Class<?> type, JsonNode tree, String path) {
        if (!tree.isObject()) {
            return "%s is not a JSON object".formatted(path.isEmpty() ? "the value" : path);
        }
        for (RecordComponent component : type.getRecordComponents()) {
            JsonNode field = tree.get(component.getName());
            String name = path.isEmpty() ? component.getName() : path + "." + component.getName();
            if (field == null || field.isNull()) {
                if (!component.isAnnotationPresent(Event.Optional.class)) {
                    return "%s lacks the field %s".formatted(type.getSimpleName(), name);
                }
            } else if (component.getType().isRecord()) {
                String inside = missing(component.getType(), field, name);
                if (inside != null) {
                    return inside;
                }
            }
        }
        return null;
    }

    /** The id in the header; of a record of others without one, the id that ours would have. */
    private static String identity(Headers headers, Event event) {
        String id = text(headers, ID);
        return id == null ? EventRoute.of(event).id() : id;
    }

    private static Instant time(Headers headers) {
        String time = text(headers, TIME);
        try {
            return time == null ? Instant.EPOCH : Instant.parse(time);
        } catch (DateTimeParseException malformed) {
            return Instant.EPOCH;
        }
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    private static void add(Headers headers, String name, String value) {
        headers.add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** A header's text, or null. */
    public static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

}
