package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * A model behind an OpenAI-compatible completions endpoint such as vLLM's.
 *
 * <p>Text is tokenized here, with the model's own tokenizer, and sent as token ids, so that the seam between context and
 * continuation is ours and equal to that of {@link LocalLanguageModel}. Scoring needs the log-probabilities of the
 * prompt's own tokens. An endpoint gives them by {@code echo} with {@code logprobs} or by vLLM's {@code prompt_logprobs};
 * one that gives neither (some return those of the generated token only) would score every model at chance, so
 * {@link #open} asks first and refuses it.
 */
public final class EndpointLanguageModel implements LanguageModel {
    private static final int DEFAULT_MAXIMUM_LENGTH = 2048;
    private static final int SEED = 1234;
    private static final String PROBE = "One, two, three, four, five, six, seven";

    /** How prompt log-probabilities are had. */
    private enum Protocol {
        ECHO("echo"),
        PROMPT_LOGPROBS("prompt_logprobs");

        private final String label;

        Protocol(String label) {
            this.label = label;
        }
    }

    private final EndpointOptions options;
    private final EndpointClient client;
    private final TextTokenizer tokenizer;
    private final Optional<ChatTemplate> chatTemplate;
    private final Protocol protocol;
    private final int maximumLength;
    private final ExecutorService executor;

    private EndpointLanguageModel(EndpointOptions options, EndpointClient client, TextTokenizer tokenizer,
            Optional<ChatTemplate> chatTemplate, Protocol protocol, int maximumLength) {
        this.options = options;
        this.client = client;
        this.tokenizer = tokenizer;
        this.chatTemplate = chatTemplate;
        this.protocol = protocol;
        this.maximumLength = maximumLength;
        this.executor = Executors.newFixedThreadPool(options.concurrency(),
                Thread.ofPlatform().daemon().name("endpoint-", 0).factory());
    }

    /**
     * Opens an endpoint and tries whether it can score.
     *
     * @param model has the tokenizer (and chat template) of the model that is served
     * @throws AmalgamException with {@code ENDPOINT_UNSUITABLE} if it cannot score, {@code ENDPOINT_UNAVAILABLE} if it does
     *     not answer, {@code TOKENIZER_INVALID} if the tokenizer cannot be used
     */
    public static EndpointLanguageModel open(ModelSnapshot model, EndpointOptions options) throws IOException {
        TextTokenizer tokenizer = TextTokenizer.open(model);
        EndpointClient client = new EndpointClient(options);
        try {
            int maximumLength = options.maximumLength() > 0 ? options.maximumLength() : servedLength(client, options);
            return new EndpointLanguageModel(options, client, tokenizer,
                    ModelChatTemplate.of(model, tokenizer.configuration()), probe(client, options, tokenizer), maximumLength);
        } catch (IOException | RuntimeException e) {
            client.close();
            tokenizer.close();
            throw e;
        }
    }

    private static int servedLength(EndpointClient client, EndpointOptions options) {
        for (JsonNode served : client.models().path("data")) {
            if (options.model().equals(served.path("id").asText()) && served.path("max_model_len").isInt()) {
                return served.path("max_model_len").intValue();
            }
        }
        return DEFAULT_MAXIMUM_LENGTH;
    }

    private static Protocol probe(EndpointClient client, EndpointOptions options, TextTokenizer tokenizer) {
        int[] tokens = tokenizer.encode(List.of(PROBE))[0];
        List<String> refusals = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            try {
                JsonNode choice = client.completions(scoringBody(options, protocol, List.of(tokens)), 1)[0];
                PromptLogProbabilities.of(choice, protocol == Protocol.ECHO, tokens, 1);
                return protocol;
            } catch (AmalgamException e) {
                if (e.code() != ErrorCode.ENDPOINT_UNSUITABLE) {
                    throw e;
                }
                refusals.add(protocol.label + ": " + e.getMessage());
            }
        }
        throw new AmalgamException(ErrorCode.ENDPOINT_UNSUITABLE, "The endpoint " + options.base()
                + " does not return the log-probabilities of a prompt's tokens, without which choices cannot be scored ("
                + String.join(" ", refusals) + ") vLLM does, at /v1/completions.");
    }

    private static ObjectNode scoringBody(EndpointOptions options, Protocol protocol, List<int[]> prompts) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("model", options.model());
        ArrayNode prompt = body.putArray("prompt");
        for (int[] tokens : prompts) {
            ArrayNode ids = prompt.addArray();
            for (int token : tokens) {
                ids.add(token);
            }
        }
        body.put("temperature", 0).put("max_tokens", 1).put("seed", SEED);
        switch (protocol) {
            case ECHO -> body.put("logprobs", 1).put("echo", true);
            case PROMPT_LOGPROBS -> body.put("prompt_logprobs", 1);
        }
        return body;
    }

    @Override
    public List<LoglikelihoodResult> loglikelihood(List<LoglikelihoodRequest> requests) {
        // One token of the sequence is left for the one that the endpoint must generate.
        List<RequestTokens> tokens = RequestTokens.of(requests, tokenizer, maximumLength - 2);
        LoglikelihoodResult[] results = new LoglikelihoodResult[tokens.size()];
        int batches = (results.length + options.batchSize() - 1) / options.batchSize();
        concurrently(batches, batch -> {
            int from = batch * options.batchSize();
            int to = Math.min(from + options.batchSize(), results.length);
            List<int[]> prompts = tokens.subList(from, to).stream().map(RequestTokens::tokens).toList();
            JsonNode[] choices = client.completions(scoringBody(options, protocol, prompts), prompts.size());
            for (int i = from; i < to; i++) {
                results[i] = PromptLogProbabilities.of(choices[i - from], protocol == Protocol.ECHO, tokens.get(i).tokens(),
                        tokens.get(i).tokens().length - tokens.get(i).continuation()).result(tokens.get(i));
            }
            return null;
        });
        return List.of(results);
    }

    @Override
    public List<GenerationResult> generateUntil(List<GenerationRequest> requests) {
        int[][] contexts = tokenizer.encode(requests.stream().map(GenerationRequest::context).toList());
        GenerationResult[] results = new GenerationResult[contexts.length];
        concurrently(contexts.length, index -> {
            results[index] = generate(requests.get(index), contexts[index]);
            return null;
        });
        return List.of(results);
    }

    private GenerationResult generate(GenerationRequest request, int[] context) {
        int room = maximumLength - request.maximumTokens();
        if (request.maximumTokens() < 1 || room < 1) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "Generating " + request.maximumTokens()
                    + " tokens leaves no room for a context within the model's maximum length of " + maximumLength + ".");
        }
        boolean truncated = context.length > room;
        int[] tokens = truncated ? Arrays.copyOfRange(context, context.length - room, context.length) : context;
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("model", options.model());
        ArrayNode prompt = body.putArray("prompt");
        for (int token : tokens) {
            prompt.add(token);
        }
        body.put("temperature", 0).put("max_tokens", request.maximumTokens()).put("seed", SEED);
        List<String> stops = tokenizer.stopStrings(request.until());
        ArrayNode stop = body.putArray("stop");
        stops.forEach(stop::add);
        JsonNode choice = client.completions(body, 1)[0];
        if (!choice.path("text").isTextual()) {
            throw new AmalgamException(ErrorCode.ENDPOINT_UNAVAILABLE, "The endpoint " + options.base()
                    + " answered a prompt with no text; this is an error of the endpoint, not a wrong answer.");
        }
        String text = choice.get("text").textValue();
        return new GenerationResult(StopStrings.cut(text, stops), tokenizer.encode(List.of(text), false)[0].length, truncated);
    }

    /** Runs calls side by side; the first failure ends them all. */
    private void concurrently(int count, IntFunction<Void> call) {
        List<Future<?>> futures = new ArrayList<>(count);
        try {
            for (int i = 0; i < count; i++) {
                int index = i;
                futures.add(executor.submit(() -> call.apply(index)));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AmalgamException refusal) {
                throw refusal;
            }
            throw new AmalgamException(ErrorCode.INTERNAL, "Asking the endpoint failed: " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Waiting for the endpoint was interrupted.", e);
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
    }

    @Override
    public EngineFingerprint fingerprint() {
        return new EngineFingerprint("openai-completions-" + protocol.label, options.model(), "unknown", "unknown",
                maximumLength);
    }

    @Override
    public Optional<ChatTemplate> chatTemplate() {
        return chatTemplate;
    }

    @Override
    public void close() {
        executor.shutdownNow();
        client.close();
        tokenizer.close();
    }
}
