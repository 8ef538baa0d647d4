package io.amalgam.evaluation.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * A completions endpoint on loopback that runs a model, with the ways in which real ones differ: which log-probabilities
 * they return, how often they fail, whether they answer null.
 */
public final class CompletionsServer implements AutoCloseable {

    /** Which log-probabilities it returns. */
    public enum Ability {
        /** Those of the prompt by {@code echo}, as vLLM. */
        ECHO,
        /** Those of the prompt by {@code prompt_logprobs} only. */
        PROMPT_LOGPROBS,
        /** Those of the generated token only, though {@code echo} was asked, as some servers do. */
        GENERATED_ONLY
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpServer server;
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final WorkerTeam team = new WorkerTeam(1);
    private final DecoderConfiguration configuration;
    private final DecoderWeights weights;
    private final Decoder decoder;
    private final TextTokenizer tokenizer;
    private final Ability ability;

    /** Requests that are still to be answered with 503. */
    final AtomicInteger failures = new AtomicInteger();
    /** Whether generated text is null. */
    volatile boolean nullText;
    /** Requests seen. */
    final AtomicInteger requests = new AtomicInteger();
    /** The last request's Authorization header. */
    volatile String authorization;

    /** Runs the model of a folder. */
    public CompletionsServer(Path folder, Ability ability) throws IOException {
        ModelSnapshot model = new LocalModelSource(Path.of(""), true).resolve(folder.toString(), null);
        this.ability = ability;
        configuration = DecoderConfiguration.parse(model.readSmall("config.json", 1 << 16), "model");
        weights = DecoderWeights.read(Checkpoint.open(model), configuration, team);
        decoder = new Decoder(configuration, weights, team, InferenceOptions.KeyValueType.FLOAT32);
        tokenizer = TextTokenizer.open(model);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext("/v1/completions", this::completions);
        server.createContext("/v1/models", exchange -> answer(exchange, 200, JSON.createObjectNode()
                .set("data", JSON.createArrayNode().add(JSON.createObjectNode().put("id", "sample").put("max_model_len", 300)))));
        server.start();
    }

    /** Its address, as {@code --endpoint} takes it. */
    public URI base() {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/v1");
    }

    private synchronized void completions(HttpExchange exchange) throws IOException {
        requests.incrementAndGet();
        authorization = exchange.getRequestHeaders().getFirst("Authorization");
        JsonNode request = JSON.readTree(exchange.getRequestBody());
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            answer(exchange, 503, JSON.createObjectNode().put("error", "warming up"));
            return;
        }
        if (request.path("echo").asBoolean() && ability == Ability.PROMPT_LOGPROBS) {
            answer(exchange, 400, JSON.createObjectNode().put("error", "echo is not supported"));
            return;
        }
        ArrayNode choices = JSON.createArrayNode();
        JsonNode prompts = request.get("prompt");
        boolean several = prompts.get(0).isArray();
        int count = several ? prompts.size() : 1;
        // Backwards, because the order of choices is not promised.
        for (int i = count - 1; i >= 0; i--) {
            choices.add(choice(several ? prompts.get(i) : prompts, request).put("index", i));
        }
        answer(exchange, 200, JSON.createObjectNode().set("choices", choices));
    }

    private ObjectNode choice(JsonNode prompt, JsonNode request) {
        int[] tokens = new int[prompt.size()];
        Arrays.setAll(tokens, i -> prompt.get(i).intValue());
        int limit = request.path("max_tokens").intValue();
        List<String> stops = new ArrayList<>();
        request.path("stop").forEach(stop -> stops.add(stop.textValue()));
        double[][] rows = logProbabilities(tokens);
        ObjectNode choice = JSON.createObjectNode();
        if (nullText) {
            choice.putNull("text");
        } else if (request.has("stop")) {
            choice.put("text", generate(tokens, limit, stops));
        } else {
            choice.put("text", "");
        }
        boolean echoed = request.path("echo").asBoolean() && ability == Ability.ECHO;
        if (request.has("logprobs")) {
            ArrayNode own = choice.putObject("logprobs").putArray("token_logprobs");
            ArrayNode top = ((ObjectNode) choice.get("logprobs")).putArray("top_logprobs");
            if (echoed) {
                own.addNull();
                top.addNull();
                for (int i = 1; i < tokens.length; i++) {
                    own.add(rows[i - 1][tokens[i]]);
                    top.addObject().put("best", Arrays.stream(rows[i - 1]).max().orElseThrow());
                }
            }
            own.add(Arrays.stream(rows[tokens.length - 1]).max().orElseThrow());
            top.addObject().put("best", Arrays.stream(rows[tokens.length - 1]).max().orElseThrow());
        }
        if (request.has("prompt_logprobs") && ability == Ability.PROMPT_LOGPROBS) {
            ArrayNode positions = choice.putArray("prompt_logprobs").addNull();
            for (int i = 1; i < tokens.length; i++) {
                double[] row = rows[i - 1];
                double own = row[tokens[i]];
                long better = Arrays.stream(row).filter(value -> value > own).count();
                positions.addObject().putObject(Integer.toString(tokens[i])).put("logprob", own).put("rank", (int) better + 1);
            }
        }
        return choice;
    }

    private double[][] logProbabilities(int[] tokens) {
        KeyValueBlock block = decoder.keyValueBlock(tokens.length);
        decoder.run(List.of(new Span(tokens, 0, tokens.length,
                new KeyValueSegment[] {new KeyValueSegment(block, 0, 0, tokens.length)})),
                IntStream.range(0, tokens.length).toArray());
        double[][] rows = new double[tokens.length][configuration.vocabularySize()];
        for (int i = 0; i < rows.length; i++) {
            float[] logits = decoder.logits(new int[] {i});
            double sum = 0;
            for (int token = 0; token < rows[i].length; token++) {
                sum += Math.exp(logits[token]);
            }
            for (int token = 0; token < rows[i].length; token++) {
                rows[i][token] = logits[token] - Math.log(sum);
            }
        }
        return rows;
    }

    private String generate(int[] prompt, int limit, List<String> stops) {
        int[] tokens = prompt;
        String text = "";
        for (int i = 0; i < limit; i++) {
            double[] row = logProbabilities(tokens)[tokens.length - 1];
            int best = 0;
            for (int token = 1; token < row.length; token++) {
                best = row[token] > row[best] ? token : best;
            }
            if (tokenizer.end().isPresent() && best == tokenizer.end().getAsInt()) {
                return text;
            }
            tokens = Arrays.copyOf(tokens, tokens.length + 1);
            tokens[tokens.length - 1] = best;
            text = tokenizer.decode(tokens, prompt.length, tokens.length, true);
            String cut = StopStrings.cut(text, stops);
            if (cut.length() < text.length()) {
                return cut;
            }
        }
        return text;
    }

    private static void answer(HttpExchange exchange, int status, JsonNode body) throws IOException {
        byte[] content = JSON.writeValueAsBytes(body);
        exchange.sendResponseHeaders(status, content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
        tokenizer.close();
        weights.close();
        team.close();
    }
}
