package io.amalgam.recipeservice.deadletter;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;

/**
 * A record that was given up.
 *
 * @param id of the letter: follows from topic, partition and offset, so that a record has one letter at most
 * @param state {@code open}, {@code replayed} or {@code dropped}
 * @param topic that the record was in
 * @param partition of the topic
 * @param offset in the partition
 * @param key of the record, or null
 * @param type the record's CloudEvents type, or null
 * @param code the error code
 * @param reason one sentence
 * @param merge that the record belongs to, as far as is known, or null
 * @param value the beginning of the record's text, or null
 * @param trace the W3C trace id of the request that it belongs to, or null
 * @param reportedBy who gave it up
 * @param at when
 * @param decidedBy who replayed or dropped it, or null
 * @param decidedAt when, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DeadLetterView(
        UUID id, String state, String topic, int partition, long offset, String key, String type, String code,
        String reason, String merge, String value, String trace, String reportedBy, Instant at, String decidedBy,
        Instant decidedAt) {
}
