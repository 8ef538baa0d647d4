package io.amalgam.evaluation.inference;

/**
 * How probable a continuation is.
 *
 * @param logLikelihood the sum of its tokens' natural log-probabilities over the whole vocabulary
 * @param greedy whether each of its tokens is the most probable one at its place
 * @param tokens the number of its tokens
 * @param truncated whether the context lost tokens on the left to fit the model's maximum length
 */
public record LoglikelihoodResult(double logLikelihood, boolean greedy, int tokens, boolean truncated) {
}
