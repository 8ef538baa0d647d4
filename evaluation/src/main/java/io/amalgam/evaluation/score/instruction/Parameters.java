package io.amalgam.evaluation.score.instruction;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The parameters of an instruction. The harness would draw missing ones at random; here they are refused.
 *
 * @param instruction the instruction's name
 * @param values an object with the parameters
 */
record Parameters(String instruction, JsonNode values) {

    /** Returns a text. */
    String text(String name) {
        JsonNode value = values.path(name);
        if (!value.isTextual() || value.textValue().isEmpty()) {
            throw missing(name, "a text");
        }
        return value.textValue();
    }

    /** Returns a list of texts. */
    List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        values.path(name).forEach(value -> texts.add(value.asText()));
        if (texts.isEmpty()) {
            throw missing(name, "a list of texts");
        }
        return texts;
    }

    /** Returns a number above 0. */
    int number(String name) {
        JsonNode value = values.path(name);
        if (!value.isNumber() || value.intValue() <= 0) {
            throw missing(name, "a number above 0");
        }
        return value.intValue();
    }

    /**
     * Returns the check that a count is less than, or at least, a threshold.
     *
     * @param relation the parameter with {@code less than} or {@code at least}
     * @param threshold the parameter with the threshold
     * @param count counts in a response
     */
    Predicate<String> relation(String relation, String threshold, ToIntFunction<String> count) {
        int limit = number(threshold);
        return switch (text(relation)) {
            case "less than" -> response -> count.applyAsInt(response) < limit;
            case "at least" -> response -> count.applyAsInt(response) >= limit;
            default -> throw missing(relation, "\"less than\" or \"at least\"");
        };
    }

    private AmalgamException missing(String name, String expected) {
        return new AmalgamException(
                ErrorCode.BENCHMARK_DATA,
                "The instruction " + instruction + " needs " + expected + " as its parameter " + name + ", not "
                        + values.path(name) + ".");
    }
}
