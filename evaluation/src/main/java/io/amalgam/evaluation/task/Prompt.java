package io.amalgam.evaluation.task;

import io.amalgam.evaluation.inference.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * What a question shows to a model, before any chat template: description, worked examples, the question itself.
 *
 * <p>The parts are joined as lm-evaluation-harness 0.4.13 joins them: nothing between the description and the first
 * example (so that BBH's description is glued to the first {@code Q:}), the target delimiter between a shot's question
 * and its answer, the shot delimiter after it, nothing after the question.
 *
 * @param description the instruction that comes first, may be empty
 * @param shots the worked examples, in order
 * @param question the question that is to be answered
 * @param targetDelimiter what stands between a question and its answer in plain text
 * @param shotDelimiter what stands after a worked example in plain text
 */
public record Prompt(
        String description, List<Shot> shots, String question, String targetDelimiter, String shotDelimiter) {

    /** The delimiter between question and answer unless a task says otherwise. */
    public static final String DEFAULT_TARGET_DELIMITER = " ";

    /** The delimiter after a worked example unless a task says otherwise. */
    public static final String DEFAULT_SHOT_DELIMITER = "\n\n";

    /**
     * One worked example.
     *
     * @param question its question, as it is shown
     * @param answer its answer
     */
    public record Shot(String question, String answer) {
        /** Checks that both are there. */
        public Shot {
            Objects.requireNonNull(question, "question");
            Objects.requireNonNull(answer, "answer");
        }
    }

    /** Copies the shots and checks that nothing is missing. */
    public Prompt {
        Objects.requireNonNull(description, "description");
        shots = List.copyOf(shots);
        Objects.requireNonNull(question, "question");
        Objects.requireNonNull(targetDelimiter, "targetDelimiter");
        Objects.requireNonNull(shotDelimiter, "shotDelimiter");
    }

    /** A prompt with the usual delimiters. */
    public static Prompt of(String description, List<Shot> shots, String question) {
        return new Prompt(description, shots, question, DEFAULT_TARGET_DELIMITER, DEFAULT_SHOT_DELIMITER);
    }

    /** Returns description, shots and question as one text, for a model without a chat template. */
    public String plainText() {
        return description + examplesAndQuestion();
    }

    /**
     * Returns the conversation that a chat template is to render.
     *
     * @param multiturn whether each shot is a turn of its own; otherwise shots and question are one user message
     */
    public List<ChatMessage> messages(boolean multiturn) {
        List<ChatMessage> messages = new ArrayList<>();
        if (!description.isEmpty()) {
            messages.add(new ChatMessage("system", description));
        }
        if (multiturn) {
            for (Shot shot : shots) {
                messages.add(new ChatMessage("user", shot.question()));
                messages.add(new ChatMessage("assistant", shot.answer()));
            }
            messages.add(new ChatMessage("user", question));
        } else {
            messages.add(new ChatMessage("user", examplesAndQuestion()));
        }
        return messages;
    }

    private String examplesAndQuestion() {
        StringBuilder text = new StringBuilder();
        for (Shot shot : shots) {
            text.append(shot.question()).append(targetDelimiter).append(shot.answer()).append(shotDelimiter);
        }
        return text.append(question).toString();
    }
}
