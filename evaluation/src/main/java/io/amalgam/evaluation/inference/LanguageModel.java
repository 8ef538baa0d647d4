package io.amalgam.evaluation.inference;

import java.util.List;
import java.util.Optional;

/**
 * A causal language model as benchmarks see it: the two operations of lm-evaluation-harness, with its token semantics.
 *
 * <p>Requests are best given in large lists: an implementation orders them itself, computes what they have in common
 * once and answers in the order of the requests. Implementations may be used by one thread at a time.
 */
public interface LanguageModel extends AutoCloseable {

    /**
     * Scores continuations.
     *
     * @return one result a request, in the order of the requests
     * @throws io.amalgam.engine.error.AmalgamException if a continuation has no tokens or is longer than the model's
     *     maximum length ({@code ARGUMENT_INVALID}), or an endpoint fails ({@code ENDPOINT_UNAVAILABLE})
     */
    List<LoglikelihoodResult> loglikelihood(List<LoglikelihoodRequest> requests);

    /**
     * Generates greedily until a stop string, the end-of-sequence token or the token limit.
     *
     * @return one result a request, in the order of the requests
     * @throws io.amalgam.engine.error.AmalgamException if the token limit leaves no room for the context
     *     ({@code ARGUMENT_INVALID}), or an endpoint fails ({@code ENDPOINT_UNAVAILABLE})
     */
    List<GenerationResult> generateUntil(List<GenerationRequest> requests);

    /** What the answers were computed with; part of every score and of every cache key. */
    EngineFingerprint fingerprint();

    /**
     * Tokens that have gone through the model's forward pass so far; what requests have in common went through once.
     * Zero if the forward pass is somebody else's.
     */
    default long tokensComputed() {
        return 0;
    }

    /** The model's chat template, where it has one. */
    Optional<ChatTemplate> chatTemplate();

    /** Gives back memory, threads and connections. */
    @Override
    void close();
}
