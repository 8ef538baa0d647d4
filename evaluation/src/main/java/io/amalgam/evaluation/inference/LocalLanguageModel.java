package io.amalgam.evaluation.inference;

import io.amalgam.engine.source.ModelSnapshot;
import java.util.List;
import java.util.Optional;

/** A model run by our own forward pass. */
public final class LocalLanguageModel implements LanguageModel {

    private LocalLanguageModel() {
    }

    /** Reads a model's configuration, tokenizer and weights. */
    public static LocalLanguageModel open(ModelSnapshot model, InferenceOptions options) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<LoglikelihoodResult> loglikelihood(List<LoglikelihoodRequest> requests) {
        throw new UnsupportedOperationException();
    }

    @Override
    public List<GenerationResult> generateUntil(List<GenerationRequest> requests) {
        throw new UnsupportedOperationException();
    }

    @Override
    public EngineFingerprint fingerprint() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<ChatTemplate> chatTemplate() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
    }
}
