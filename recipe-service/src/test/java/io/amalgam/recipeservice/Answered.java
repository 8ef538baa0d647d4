package io.amalgam.recipeservice;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.StoredAnswers;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A score with the answers behind it, as eval-workers leave them. */
public final class Answered {

    /** Questions of every task. */
    static final int QUESTIONS = 60;
    private static final String DIGEST = "0123456789abcdef".repeat(4);
    private static final double CHANCE = 0.5;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Answered() {
    }

    /**
     * Puts a model's answers to a task into the store, of which as many are right as the score says, and returns the score.
     *
     * @param artifact that it was asked for
     * @param level the share of questions that it answers right
     */
    public static Event.ScoreRecorded score(
            ArtifactStore store, String artifact, Event.ModelPlace model, String task, double level, Instant at) {
        int right = (int) Math.round(level * QUESTIONS);
        double value = (double) right / QUESTIONS;
        String digest = String.format("%08x", task.hashCode()).repeat(8);
        StringBuilder text = new StringBuilder(json(Map.of("format", 1, "model", model.identity(), "task", task,
                "taskDigest", digest, "from", "0", "engine", "amalgam"))).append('\n');
        for (int question = 0; question < QUESTIONS; question++) {
            // Which questions are right differs by model, so that two of them differ on some.
            boolean isRight = (question * 7 + model.name().length()) % QUESTIONS < right;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("task", task);
            line.put("taskDigest", digest);
            line.put("question", question);
            line.put("id", "question-" + question);
            line.put("promptDigest", DIGEST);
            line.put("prompt", "Turn left. Take " + (question + 2) + " steps. Turn around. Take " + (question + 2)
                    + " steps.\nDo you return to the starting point?\nA:");
            line.put("target", "Yes");
            line.put("answer", isRight ? " Yes" : " No");
            line.put("extracted", isRight ? "Yes" : "No");
            line.put("metrics", Map.of("acc", List.of(isRight ? 1.0 : 0.0)));
            text.append(json(line)).append('\n');
        }
        store.put(StoredAnswers.location(model.identity(), task, digest, 0),
                text.toString().getBytes(StandardCharsets.UTF_8));
        return new Event.ScoreRecorded(artifact, model.name(), model.identity(), model.role(), artifact, task, digest,
                QUESTIONS, "acc", Map.of("acc", value), Map.of("acc", Math.sqrt(value * (1 - value) / QUESTIONS)), CHANCE,
                CHANCE + 0.04, false, "engine-1", at);
    }

    private static String json(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
