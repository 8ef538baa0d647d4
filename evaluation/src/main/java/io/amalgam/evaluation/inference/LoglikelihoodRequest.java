package io.amalgam.evaluation.inference;

import java.util.Objects;

/**
 * Asks for log P(continuation | context).
 *
 * @param context the text before; empty means that the continuation follows the prefix token (BOS, else EOS)
 * @param continuation the text that is scored, with its delimiter; never empty
 */
public record LoglikelihoodRequest(String context, String continuation) {

    /** Checks that both texts are there. */
    public LoglikelihoodRequest {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(continuation, "continuation");
    }
}
