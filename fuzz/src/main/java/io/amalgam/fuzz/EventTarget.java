package io.amalgam.fuzz;

import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventRoute;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Kafka records: reading never throws, and what is read as an event can be written again. */
public final class EventTarget implements FuzzTarget {

    private static final EventTarget INSTANCE = new EventTarget();
    private static final List<Map.Entry<String, Class<? extends Event>>> TYPES =
            List.copyOf(EventCodec.types().entrySet());

    /** For Jazzer, once: what is slow the first time is not an input's fault. */
    public static void fuzzerInitialize() {
        INSTANCE.seeds().forEach(INSTANCE::run);
    }

    /** For Jazzer. */
    public static void fuzzerTestOneInput(byte[] input) {
        INSTANCE.run(input);
    }

    @Override
    public String name() {
        return "event";
    }

    @Override
    public void run(byte[] input) {
        if (input.length < 2) {
            return;
        }
        // The first byte is the type, the second how many of the following bytes are the headers' text.
        int headerLength = Math.min(input[1] & 0xff, input.length - 2);
        byte[] header = Arrays.copyOfRange(input, 2, 2 + headerLength);
        byte[] value = Arrays.copyOfRange(input, 2 + headerLength, input.length);
        RecordHeaders headers = new RecordHeaders();
        int type = input[0] & 0xff;
        if (type < 0xff) {
            headers.add("ce_type", TYPES.get(type % TYPES.size()).getKey().getBytes(StandardCharsets.UTF_8));
        } else {
            headers.add("ce_type", header);
        }
        for (String name : List.of("ce_id", "ce_time", "ce_source", "traceparent")) {
            headers.add(name, header);
        }
        switch (EventCodec.decode(headers, value)) {
            case EventCodec.Unreadable unreadable -> Refusals.promise(
                    unreadable.reason() != null && unreadable.reason().length() < 2_000, "a reason is a sentence");
            case EventCodec.Received received -> {
                Refusals.promise(value.length <= EventCodec.MAXIMUM_BYTES, "no event is longer than any may be");
                byte[] again = EventCodec.json(received.event());
                Refusals.promise(again.length > 0, "an event can be written");
            }
        }
    }

    @Override
    public List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (int type = 0; type < TYPES.size(); type++) {
            StringBuilder json = new StringBuilder("{");
            for (var component : TYPES.get(type).getValue().getRecordComponents()) {
                json.append(json.length() == 1 ? "" : ",").append('"').append(component.getName()).append("\":")
                        .append(sample(component.getType()));
            }
            byte[] value = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
            byte[] seed = new byte[value.length + 2];
            seed[0] = (byte) type;
            System.arraycopy(value, 0, seed, 2, value.length);
            seeds.add(seed);
        }
        return seeds;
    }

    private static String sample(Class<?> type) {
        if (type == String.class) {
            return "\"6fa459ea-ee8a-3ca4-894e-db77e160355e\"";
        }
        if (type == Instant.class) {
            return "\"2026-01-02T03:04:05Z\"";
        }
        if (type == boolean.class) {
            return "true";
        }
        if (type.isPrimitive()) {
            return "1";
        }
        if (type == List.class) {
            return "[]";
        }
        return "{}";
    }
}
