package io.amalgam.evaluation.task;

import io.amalgam.evaluation.inference.ChatTemplate;
import io.amalgam.evaluation.inference.EngineFingerprint;
import io.amalgam.evaluation.inference.GenerationRequest;
import io.amalgam.evaluation.inference.GenerationResult;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.inference.LoglikelihoodResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** A model made of two functions, which counts what it is asked. */
public final class FunctionModel implements LanguageModel {
    private final ToDoubleFunction<LoglikelihoodRequest> logLikelihood;
    private final Function<GenerationRequest, String> generator;
    /** How many requests were answered. */
    public int answered;

    /** A model with a log-likelihood and a generator. */
    public FunctionModel(
            ToDoubleFunction<LoglikelihoodRequest> logLikelihood, Function<GenerationRequest, String> generator) {
        this.logLikelihood = logLikelihood;
        this.generator = generator;
    }

    @Override
    public List<LoglikelihoodResult> loglikelihood(List<LoglikelihoodRequest> requests) {
        List<LoglikelihoodResult> results = new ArrayList<>();
        for (LoglikelihoodRequest request : requests) {
            answered++;
            results.add(new LoglikelihoodResult(logLikelihood.applyAsDouble(request), false, 1, false));
        }
        return results;
    }

    @Override
    public List<GenerationResult> generateUntil(List<GenerationRequest> requests) {
        List<GenerationResult> results = new ArrayList<>();
        for (GenerationRequest request : requests) {
            answered++;
            results.add(new GenerationResult(generator.apply(request), 1, false));
        }
        return results;
    }

    @Override
    public EngineFingerprint fingerprint() {
        return new EngineFingerprint("function", "1", "none", "float64", 1 << 20);
    }

    @Override
    public Optional<ChatTemplate> chatTemplate() {
        return Optional.empty();
    }

    @Override
    public void close() {
    }
}
