package io.amalgam.evaluation.task;

import java.util.List;
import java.util.Objects;

/**
 * One question of a benchmark task, with all that is needed to ask it and to score the answer.
 *
 * @param index its position in the task, from 0 (lm-evaluation-harness's {@code doc_id})
 * @param id the data set's own name for it, or its index
 * @param prompt what is shown
 * @param choices the possible answers without delimiter, empty where the answer is generated
 * @param gold the position of the right choice, or -1 where none of the choices is right (the question then scores 0)
 * @param target the right answer as text
 * @param category a part of the task for which scores are given too, or null
 * @param generation how an answer is generated, or null for multiple choice
 */
public record Question(
        int index,
        String id,
        Prompt prompt,
        List<String> choices,
        int gold,
        String target,
        String category,
        Generation generation) {

    /**
     * How an answer is generated: always greedily.
     *
     * @param stops texts at whose first occurrence the answer ends (the end-of-sequence token ends it too)
     * @param maximumNewTokens the most tokens that are generated
     */
    public record Generation(List<String> stops, int maximumNewTokens) {
        /** Copies the stop texts. */
        public Generation {
            stops = List.copyOf(stops);
        }
    }

    /** Checks that it is either multiple choice or generation. */
    public Question {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(prompt, "prompt");
        choices = List.copyOf(choices);
        Objects.requireNonNull(target, "target");
        if (choices.isEmpty() == (generation == null)) {
            throw new IllegalArgumentException("a question has either choices or a generation");
        }
        if (gold < -1 || gold >= choices.size()) {
            throw new IllegalArgumentException("gold " + gold + " of " + choices.size() + " choices");
        }
    }

    /** A multiple-choice question. */
    public static Question multipleChoice(
            int index, String id, Prompt prompt, List<String> choices, int gold, String target, String category) {
        return new Question(index, id, prompt, choices, gold, target, category, null);
    }

    /** A question whose answer is generated. */
    public static Question generation(
            int index, String id, Prompt prompt, Generation generation, String target, String category) {
        return new Question(index, id, prompt, List.of(), -1, target, category, generation);
    }

    /** Returns the same question, its answer generated in another way. */
    public Question withGeneration(Generation other) {
        return new Question(index, id, prompt, choices, gold, target, category, other);
    }
}
