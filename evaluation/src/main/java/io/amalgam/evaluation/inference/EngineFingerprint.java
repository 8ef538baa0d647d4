package io.amalgam.evaluation.inference;

/**
 * What a model was run with. Two equal fingerprints on equal weights and tokenizers give equal answers (for an endpoint:
 * as far as it tells).
 *
 * @param engine {@code amalgam} for our own forward pass, else the kind of endpoint
 * @param version the engine's version
 * @param weightsType the type that weights are held in, such as {@code bfloat16}
 * @param arithmeticType the type of activations and sums, such as {@code float32}; {@code unknown} for an endpoint
 * @param maximumLength the most tokens of a sequence
 */
public record EngineFingerprint(
        String engine, String version, String weightsType, String arithmeticType, int maximumLength) {

    /** One line, fit for cache keys and score events. */
    @Override
    public String toString() {
        return engine + "/" + version + " weights=" + weightsType + " arithmetic=" + arithmeticType + " length="
                + maximumLength;
    }
}
