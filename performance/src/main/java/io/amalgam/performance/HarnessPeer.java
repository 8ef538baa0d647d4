package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.inference.GenerationRequest;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** transformers and lm-evaluation-harness in a Python process ({@code harness_peer.py}). */
final class HarnessPeer implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final BufferedWriter requests;
    private final BufferedReader answers;

    /** Starts the process and opens a model in it. */
    HarnessPeer(Path python, Path script, Path model, String dtype, int threads) throws IOException {
        process = new ProcessBuilder(python.toString(), script.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        requests = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        ask(JSON.createObjectNode().put("operation", "open").put("model", model.toString()).put("dtype", dtype)
                .put("threads", threads));
    }

    /** Reads texts, with logits at their last token: {@code seconds} and {@code tokens}. */
    JsonNode prefill(List<String> texts) throws IOException {
        ObjectNode request = JSON.createObjectNode().put("operation", "prefill");
        texts.forEach(request.putArray("texts")::add);
        return ask(request);
    }

    /** Scores requests: {@code seconds}, and {@code results} with a log-likelihood and is_greedy each. */
    JsonNode loglikelihood(List<LoglikelihoodRequest> requests) throws IOException {
        ObjectNode request = JSON.createObjectNode().put("operation", "loglikelihood");
        ArrayNode pairs = request.putArray("requests");
        for (LoglikelihoodRequest each : requests) {
            pairs.addArray().add(each.context()).add(each.continuation());
        }
        return ask(request);
    }

    /** Continues texts greedily: {@code seconds}, and {@code results} with a text each. */
    JsonNode generate(List<GenerationRequest> requests) throws IOException {
        ObjectNode request = JSON.createObjectNode().put("operation", "generate");
        ArrayNode all = request.putArray("requests");
        for (GenerationRequest each : requests) {
            ArrayNode one = all.addArray().add(each.context());
            each.until().forEach(one.addArray()::add);
            one.add(each.maximumTokens());
        }
        return ask(request);
    }

    /** Sends a request and waits for its answer. */
    private JsonNode ask(ObjectNode request) throws IOException {
        requests.write(JSON.writeValueAsString(request));
        requests.newLine();
        requests.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("The Python process ended; it needs torch, transformers and lm_eval==0.4.13.");
        }
        return JSON.readTree(answer);
    }

    @Override
    public void close() {
        process.destroy();
    }
}
