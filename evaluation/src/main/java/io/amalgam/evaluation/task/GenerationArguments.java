package io.amalgam.evaluation.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.evaluation.task.Question.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What lm-evaluation-harness's {@code --gen_kwargs} changes about how answers are generated, whatever a task says itself.
 *
 * <p>Generation is greedy here: what says so too is taken, what asks for sampling is refused.
 *
 * @param text as it was given, for exports; null if nothing was
 * @param stops the texts that end an answer; null for the task's own
 * @param maximumNewTokens the most tokens of an answer; empty for the task's own
 */
public record GenerationArguments(String text, List<String> stops, OptionalInt maximumNewTokens) {
    /** Nothing is changed. */
    public static final GenerationArguments NONE = new GenerationArguments(null, null, OptionalInt.empty());

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Set<String> LENGTHS = Set.of("max_gen_toks", "max_new_tokens", "max_tokens");
    /** Arguments that generation here obeys already, with the values that say so; any value where sampling is off. */
    private static final Map<String, Set<String>> GREEDY = Map.of(
            "do_sample", Set.of("false"),
            "temperature", Set.of("0", "0.0"),
            "top_p", Set.of("1", "1.0"),
            "top_k", Set.of("0", "1", "-1"),
            "num_beams", Set.of("1"));

    /** Keeps the list as it is now. */
    public GenerationArguments {
        stops = stops == null ? null : List.copyOf(stops);
    }

    /**
     * Reads arguments as the harness does: {@code max_gen_toks=64,until=Q:}, or a JSON object, in which {@code until} may
     * be a list.
     *
     * @throws AmalgamException with {@code ARGUMENT_INVALID} if one is unknown, malformed, or asks for sampling
     */
    public static GenerationArguments parse(String text) {
        if (text == null) {
            return NONE;
        }
        List<String> stops = null;
        OptionalInt length = OptionalInt.empty();
        for (Map.Entry<String, JsonNode> argument : fields(text).properties()) {
            String name = argument.getKey();
            JsonNode value = argument.getValue();
            if (name.equals("until")) {
                stops = stops(value);
            } else if (LENGTHS.contains(name)) {
                length = OptionalInt.of(length(name, value));
            } else {
                requireGreedy(name, value);
            }
        }
        return new GenerationArguments(text, stops, length);
    }

    /** Returns how an answer is generated for which a task says {@code own}. */
    public Generation apply(Generation own) {
        return new Generation(stops == null ? own.stops() : stops, maximumNewTokens.orElse(own.maximumNewTokens()));
    }

    private static ObjectNode fields(String text) {
        if (text.strip().startsWith("{")) {
            try {
                return (ObjectNode) JSON.readTree(text);
            } catch (JsonProcessingException e) {
                throw refused("is not a JSON object: " + e.getOriginalMessage());
            }
        }
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        for (String pair : text.split(",")) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw refused("has \"" + pair + "\", expected NAME=VALUE pairs separated by commas, or a JSON object");
            }
            fields.put(pair.substring(0, equals).strip(), pair.substring(equals + 1));
        }
        return fields;
    }

    private static List<String> stops(JsonNode value) {
        List<String> stops = new ArrayList<>();
        for (JsonNode stop : value.isArray() ? value : JSON.createArrayNode().add(value)) {
            if (!stop.isTextual() || stop.textValue().isEmpty()) {
                throw refused("has until " + value + ", expected a text or a list of texts, none of them empty");
            }
            stops.add(stop.textValue());
        }
        return stops;
    }

    private static int length(String name, JsonNode value) {
        try {
            int length = Integer.parseInt(value.asText().strip());
            if (length > 0) {
                return length;
            }
        } catch (NumberFormatException e) {
            // Refused below, as numbers that are no length are.
        }
        throw refused("has " + name + " " + value + ", expected a whole number of at least 1");
    }

    private static void requireGreedy(String name, JsonNode value) {
        Set<String> accepted = GREEDY.get(name);
        if (accepted == null) {
            throw refused("has " + name + ", which is not known here; known are until, max_gen_toks and what asks for greedy"
                    + " generation");
        }
        if (!accepted.contains(value.asText().strip().toLowerCase(Locale.ROOT))) {
            throw refused("has " + name + " " + value + ", but generation is greedy here, as all benchmarks ask for it");
        }
    }

    private static AmalgamException refused(String problem) {
        return new AmalgamException(ErrorCode.ARGUMENT_INVALID, "--gen_kwargs " + problem + ".");
    }
}
