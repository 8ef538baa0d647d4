package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.inference.GenerationRequest;
import io.amalgam.evaluation.inference.GenerationResult;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.inference.LoglikelihoodResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code ./amalgam bench inference --parity}: whether our log-likelihoods and written answers and lm-evaluation-harness's,
 * by transformers in float32 on the same weights, are the same on requests of real tasks.
 *
 * <p>Their answers can be kept in a file: asking them takes minutes, and a run that was stopped then goes on.
 */
final class InferenceParity {
    /** The greatest difference of two log-likelihoods, in nats, that counts as agreement. */
    static final double TOLERANCE = 1e-3;

    /** Requests that are asked of them at a time, and then kept. */
    private static final int PIECE = 95;

    private static final ObjectMapper JSON = new ObjectMapper();

    private record Reference(double logLikelihood, boolean greedy) {
    }

    private record Request(String context, String continuation) {
        static Request of(LoglikelihoodRequest request) {
            return new Request(request.context(), request.continuation());
        }
    }

    private final LanguageModel model;
    private final HarnessPeer peer;
    private final Path answers;
    private final Map<Request, Reference> known = new HashMap<>();
    /** Their written answers, by the request's JSON. */
    private final Map<String, String> written = new HashMap<>();

    /**
     * A comparison.
     *
     * @param answers where their answers are kept; null for nowhere
     */
    InferenceParity(LanguageModel model, HarnessPeer peer, Path answers) throws IOException {
        this.model = model;
        this.peer = peer;
        this.answers = answers;
        if (answers != null && Files.exists(answers)) {
            for (String line : Files.readAllLines(answers)) {
                JsonNode answer = JSON.readTree(line);
                if (answer.isObject()) {
                    written.put(answer.get("request").toString(), answer.get("text").textValue());
                    continue;
                }
                known.put(new Request(answer.get(0).textValue(), answer.get(1).textValue()),
                        new Reference(answer.get(2).doubleValue(), answer.get(3).booleanValue()));
            }
        }
    }

    /** Compares task by task and prints what was found; returns whether everything agrees. */
    boolean compare(List<TaskRequests> tasks) throws IOException {
        System.out.printf("%-58s %9s %9s %20s %18s%n", "", "questions", "requests", "greatest difference",
                "is_greedy differs");
        int requests = 0;
        int different = 0;
        double worst = 0;
        for (TaskRequests task : tasks) {
            if (task.requests().isEmpty()) {
                continue;
            }
            List<LoglikelihoodResult> ours = model.loglikelihood(task.requests());
            List<Reference> theirs = theirs(task.requests());
            double greatest = 0;
            int greedy = 0;
            for (int i = 0; i < ours.size(); i++) {
                greatest = Math.max(greatest, Math.abs(ours.get(i).logLikelihood() - theirs.get(i).logLikelihood()));
                greedy += ours.get(i).greedy() == theirs.get(i).greedy() ? 0 : 1;
            }
            System.out.printf("%-58s %9d %9d %20.2g %18d%n", task.task(), task.questions(), ours.size(), greatest, greedy);
            requests += ours.size();
            different += greedy;
            worst = Math.max(worst, greatest);
        }
        boolean agrees = worst <= TOLERANCE && different == 0;
        System.out.printf("%d requests of %d tasks: greatest difference %.2g (%s %.0e), is_greedy differs %d times%n",
                requests, tasks.size(), worst, worst <= TOLERANCE ? "within" : "not within", TOLERANCE, different);
        return agrees & compareWritten(tasks);
    }

    /** Compares what both write, to the character. */
    private boolean compareWritten(List<TaskRequests> tasks) throws IOException {
        int texts = 0;
        int different = 0;
        for (TaskRequests task : tasks) {
            if (task.generations().isEmpty()) {
                continue;
            }
            List<GenerationResult> ours = model.generateUntil(task.generations());
            List<String> theirs = theirTexts(task.generations());
            long tokens = 0;
            int inTask = 0;
            for (int i = 0; i < ours.size(); i++) {
                tokens += ours.get(i).tokens();
                if (!ours.get(i).text().equals(theirs.get(i))) {
                    inTask++;
                    System.out.printf("  ours:   %s%n  theirs: %s%n", JSON.getNodeFactory().textNode(ours.get(i).text()),
                            JSON.getNodeFactory().textNode(theirs.get(i)));
                }
            }
            System.out.printf("%-58s %9d %9d tokens written %7d, answers that differ %4d%n", task.task(), task.questions(),
                    ours.size(), tokens, inTask);
            texts += ours.size();
            different += inTask;
        }
        if (texts > 0) {
            System.out.printf("%d written answers: %d differ%n", texts, different);
        }
        return different == 0;
    }

    private List<String> theirTexts(List<GenerationRequest> requests) throws IOException {
        List<GenerationRequest> open = requests.stream().filter(request -> !written.containsKey(key(request))).toList();
        if (!open.isEmpty()) {
            JsonNode results = peer.generate(open).get("results");
            List<String> lines = new ArrayList<>();
            for (int i = 0; i < open.size(); i++) {
                String text = results.get(i).textValue();
                written.put(key(open.get(i)), text);
                ObjectNode line = JSON.createObjectNode();
                line.set("request", JSON.readTree(key(open.get(i))));
                lines.add(line.put("text", text).toString());
            }
            keep(lines);
        }
        return requests.stream().map(request -> written.get(key(request))).toList();
    }

    private static String key(GenerationRequest request) {
        ArrayNode key = JSON.createArrayNode().add(request.context());
        request.until().forEach(key.addArray()::add);
        return key.add(request.maximumTokens()).toString();
    }

    private void keep(List<String> lines) throws IOException {
        if (answers != null) {
            Files.write(answers, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
    }

    private List<Reference> theirs(List<LoglikelihoodRequest> requests) throws IOException {
        List<LoglikelihoodRequest> open = new ArrayList<>();
        for (LoglikelihoodRequest request : requests) {
            if (!known.containsKey(Request.of(request))) {
                open.add(request);
            }
        }
        for (int from = 0; from < open.size(); from += PIECE) {
            List<LoglikelihoodRequest> piece = open.subList(from, Math.min(from + PIECE, open.size()));
            List<String> lines = new ArrayList<>();
            JsonNode results = peer.loglikelihood(piece).get("results");
            for (int i = 0; i < piece.size(); i++) {
                Request request = Request.of(piece.get(i));
                Reference answer = new Reference(
                        results.get(i).get(0).doubleValue(), results.get(i).get(1).booleanValue());
                known.put(request, answer);
                lines.add(JSON.createArrayNode().add(request.context()).add(request.continuation())
                        .add(answer.logLikelihood()).add(answer.greedy()).toString());
            }
            keep(lines);
        }
        return requests.stream().map(request -> known.get(Request.of(request))).toList();
    }
}
