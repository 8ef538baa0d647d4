package io.amalgam.evaluation.inference;

import io.amalgam.engine.Version;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model run by our own forward pass, on this machine's cores.
 *
 * <p>Weights are kept as stored (float16 as float32), arithmetic is float32. Results do not depend on threads, on batches,
 * or on which requests are asked together.
 */
public final class LocalLanguageModel implements LanguageModel {
    private static final int DEFAULT_BATCH_TOKENS = 512;
    private static final int CONFIGURATION_LIMIT = 1 << 20;

    private final DecoderWeights weights;
    private final TextTokenizer tokenizer;
    private final GenerationSettings generation;
    private final Optional<ChatTemplate> chatTemplate;
    private final WorkerTeam team;
    private final Decoder decoder;
    private final int maximumLength;
    private final int batchTokens;
    private final String arithmetic;

    private LocalLanguageModel(DecoderConfiguration configuration, DecoderWeights weights, TextTokenizer tokenizer,
            GenerationSettings generation, Optional<ChatTemplate> chatTemplate, WorkerTeam team, InferenceOptions options) {
        this.weights = weights;
        this.tokenizer = tokenizer;
        this.generation = generation;
        this.chatTemplate = chatTemplate;
        this.team = team;
        this.decoder = new Decoder(configuration, weights, team, options.keyValueType());
        this.maximumLength = options.maximumLength() == 0 ? configuration.maximumLength() : options.maximumLength();
        this.arithmetic = switch (options.keyValueType()) {
            case FLOAT32 -> "float32";
            case BFLOAT16 -> "float32, keys and values bfloat16";
        };
        this.batchTokens = options.batchTokens() == 0 ? DEFAULT_BATCH_TOKENS : options.batchTokens();
    }

    /**
     * Reads a model's configuration, tokenizer and weights.
     *
     * @throws AmalgamException with {@code INFERENCE_UNSUPPORTED} if the forward pass does not know the model exactly,
     *     {@code TOKENIZER_INVALID} if its tokenizer is missing, unreadable, or larger than its embedding, and what reading
     *     a checkpoint can give
     */
    public static LocalLanguageModel open(ModelSnapshot model, InferenceOptions options) throws IOException {
        if (!model.has("config.json")) {
            throw new AmalgamException(ErrorCode.MODEL_UNREADABLE, "Model " + model.reference() + " has no config.json.");
        }
        DecoderConfiguration configuration = DecoderConfiguration.parse(
                model.readSmall("config.json", CONFIGURATION_LIMIT), model.reference());
        Checkpoint checkpoint = Checkpoint.open(model);
        if (checkpoint.kind() != Checkpoint.Kind.MODEL) {
            throw new AmalgamException(ErrorCode.INFERENCE_UNSUPPORTED, "Model " + model.reference()
                    + " is a LoRA adapter; merge it into its model first.");
        }
        TextTokenizer tokenizer = TextTokenizer.open(model);
        WorkerTeam team = null;
        try {
            if (tokenizer.size() > configuration.vocabularySize()) {
                throw new AmalgamException(ErrorCode.TOKENIZER_INVALID, "The tokenizer of " + model.reference() + " has "
                        + tokenizer.size() + " tokens, but the model's embedding has only "
                        + configuration.vocabularySize() + " rows.");
            }
            int threads = options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
            team = new WorkerTeam(threads);
            DecoderWeights weights = DecoderWeights.read(checkpoint, configuration, team);
            return new LocalLanguageModel(configuration, weights, tokenizer, GenerationSettings.read(model),
                    ModelChatTemplate.of(model, tokenizer.configuration()), team, options);
        } catch (IOException | RuntimeException | Error e) {
            tokenizer.close();
            if (team != null) {
                team.close();
            }
            throw e;
        }
    }

    /** Opens a model in a folder of this machine. */
    public static LocalLanguageModel open(Path folder, InferenceOptions options) throws IOException {
        return open(new LocalModelSource(Path.of(""), true).resolve(folder.toString(), null), options);
    }

    @Override
    public List<LoglikelihoodResult> loglikelihood(List<LoglikelihoodRequest> requests) {
        return new LikelihoodScorer(decoder, team, batchTokens)
                .score(RequestTokens.of(requests, tokenizer, maximumLength));
    }

    @Override
    public List<GenerationResult> generateUntil(List<GenerationRequest> requests) {
        return new GreedyGenerator(decoder, tokenizer, generation, team, batchTokens, maximumLength).generate(requests);
    }

    @Override
    public EngineFingerprint fingerprint() {
        return new EngineFingerprint("amalgam", Version.AMALGAM, weights.typeName(), arithmetic, maximumLength);
    }

    @Override
    public long tokensComputed() {
        return decoder.tokensComputed();
    }

    @Override
    public Optional<ChatTemplate> chatTemplate() {
        return chatTemplate;
    }

    @Override
    public void close() {
        tokenizer.close();
        weights.close();
        team.close();
    }
}
