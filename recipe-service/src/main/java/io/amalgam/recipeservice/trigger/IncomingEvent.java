package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.function.UnaryOperator;

/**
 * The attributes of a CloudEvent that somebody sent.
 *
 * @param id of it, unique for its source
 * @param source of it
 * @param type of it
 * @param subject of it, or null
 */
record IncomingEvent(String id, String source, String type, String subject) {

    /** Checks what CloudEvents 1.0 requires. */
    IncomingEvent {
        require("id", id);
        require("source", source);
        require("type", type);
    }

    /** An event in structured mode: one JSON document. */
    static IncomingEvent structured(JsonNode document) {
        return new IncomingEvent(text(document, "id"), text(document, "source"), text(document, "type"),
                text(document, "subject"));
    }

    /** An event in binary mode: its attributes are headers. */
    static IncomingEvent binary(UnaryOperator<String> header) {
        return new IncomingEvent(
                header.apply("id"), header.apply("source"), header.apply("type"), header.apply("subject"));
    }

    /** What tells it from others, the same for each delivery. */
    String key() {
        return "event:" + source + ":" + id;
    }

    /** Whether a condition is about events like this one. */
    boolean fits(Condition condition) {
        return condition instanceof Condition.CloudEvent wanted && wanted.eventType().equals(type)
                && (wanted.source() == null || wanted.source().equals(source))
                && (wanted.subject() == null || wanted.subject().equals(subject));
    }

    private static String text(JsonNode document, String name) {
        JsonNode value = document.path(name);
        return value.isTextual() ? value.asText() : null;
    }

    private static void require(String name, String value) {
        if (value == null || value.isEmpty()) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "the CloudEvent has no " + name
                    + "; expected a structured event (application/cloudevents+json) or the headers ce-id, ce-source and "
                    + "ce-type");
        }
    }
}
