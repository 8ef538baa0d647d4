package io.amalgam.evaluation.task;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.task.AnswerCache.CachedAnswer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Remembered answers as JSON lines, one a request. */
public final class AnswerLines {
    private static final ObjectMapper JSON = new ObjectMapper();

    private AnswerLines() {
    }

    /**
     * Writes an answer, the line's end included.
     *
     * @param request the digest of the request
     */
    public static String line(String request, CachedAnswer answer) {
        ObjectNode line = JSON.createObjectNode();
        line.put("request", request);
        switch (answer.answer()) {
            case Answer.Choices choices -> {
                ArrayNode logLikelihoods = line.putArray("logLikelihoods");
                choices.logLikelihoods().forEach(logLikelihoods::add);
                ArrayNode greedy = line.putArray("greedy");
                choices.greedy().forEach(greedy::add);
            }
            case Answer.Generated generated -> line.put("answer", generated.text());
        }
        line.put("truncated", answer.truncated());
        return line + "\n";
    }

    /** Reads answers by their requests; a line that cannot be read counts for nothing, so that it is answered again. */
    public static Map<String, CachedAnswer> read(String text) {
        Map<String, CachedAnswer> answers = new LinkedHashMap<>();
        for (String line : text.split("\n")) {
            if (line.isBlank()) {
                continue;
            }
            try {
                JsonNode node = JSON.readTree(line);
                answers.put(node.required("request").textValue(), answer(node));
            } catch (JsonProcessingException | IllegalArgumentException | NullPointerException e) {
                // Damaged by a crash.
                continue;
            }
        }
        return answers;
    }

    private static CachedAnswer answer(JsonNode node) {
        boolean truncated = node.required("truncated").booleanValue();
        if (node.has("answer")) {
            return new CachedAnswer(new Answer.Generated(node.get("answer").textValue()), truncated);
        }
        List<Double> logLikelihoods = new ArrayList<>();
        node.required("logLikelihoods").forEach(value -> logLikelihoods.add(value.asDouble()));
        List<Boolean> greedy = new ArrayList<>();
        node.required("greedy").forEach(value -> greedy.add(value.booleanValue()));
        return new CachedAnswer(new Answer.Choices(logLikelihoods, greedy), truncated);
    }
}
