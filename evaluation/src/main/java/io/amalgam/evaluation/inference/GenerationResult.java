package io.amalgam.evaluation.inference;

/**
 * A generated answer.
 *
 * @param text what was generated, cut at the stop strings, without special tokens
 * @param tokens how many tokens were generated for it, up to and including the one that ended it
 * @param truncated whether the context lost tokens on the left to make room for the answer
 */
public record GenerationResult(String text, int tokens, boolean truncated) {
}
