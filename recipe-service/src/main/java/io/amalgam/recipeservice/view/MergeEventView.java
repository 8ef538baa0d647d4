package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * One event in the life of a merge.
 *
 * @param number from 1, without gaps within a merge
 * @param type {@code requested}, {@code planned}, {@code progress}, {@code chunk}, {@code chunk-failed},
 *     {@code cancellation-requested}, {@code completed}, {@code failed}, {@code cancelled}, {@code artifact},
 *     {@code questions}, {@code score}, {@code evaluation-completed}, {@code evaluation-failed}, {@code evaluation-cancelled}
 * @param at when it happened
 * @param data the event's record
 * @param sentence what it tells, for people
 */
public record MergeEventView(int number, String type, Instant at, JsonNode data, String sentence) {

    /** An event with the sentence that follows from it. */
    public MergeEventView(int number, String type, Instant at, JsonNode data) {
        this(number, type, at, data, EventSentence.of(type, data));
    }
}
