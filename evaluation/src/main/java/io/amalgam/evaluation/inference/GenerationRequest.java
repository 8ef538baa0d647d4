package io.amalgam.evaluation.inference;

import java.util.List;
import java.util.Objects;

/**
 * Asks for a greedy generation.
 *
 * @param context the prompt
 * @param until stop strings: the answer ends before the first of them; the end-of-sequence token always ends it
 * @param maximumTokens the most tokens to generate
 */
public record GenerationRequest(String context, List<String> until, int maximumTokens) {

    /** Copies the stop strings. */
    public GenerationRequest {
        Objects.requireNonNull(context, "context");
        until = List.copyOf(until);
    }
}
