package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.evaluation.inference.InferenceOptions;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LocalLanguageModel;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import io.amalgam.evaluation.inference.LoglikelihoodResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * {@code ./amalgam bench inference}: the same work through our forward pass and through transformers, in turns, on the
 * same cores.
 *
 * <p>Three measurements a round: prefill of texts that have nothing in common; multiple-choice questions behind shots, all
 * together, so that what they share is computed once; the same questions one request at a time, so that nothing is shared.
 * The last two are lm-evaluation-harness's {@code loglikelihood} on the other side. Figures are medians over rounds, and
 * the answers are compared.
 *
 * <p>Options: {@code --model FOLDER --python PYTHON [--samples FOLDER] [--script FILE] [--rounds 3] [--threads CORES]
 * [--sequences 4] [--words 200] [--questions 10] [--shots 3] [--dtypes float32,bfloat16]}; without {@code --python} only
 * our side runs.
 */
public final class InferenceBenchmark {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String OURS = "amalgam float32";

    private final Map<String, String> options;
    private final Map<String, Map<String, List<Double>>> figures = new LinkedHashMap<>();

    private InferenceBenchmark(Map<String, String> options) {
        this.options = options;
    }

    /** Runs the benchmark. */
    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>(Map.of("samples", "samples/benchmark",
                "script", "performance/src/main/python/harness_peer.py", "rounds", "3", "sequences", "4", "words", "200",
                "questions", "10", "shots", "3", "dtypes", "float32,bfloat16",
                "threads", Integer.toString(Runtime.getRuntime().availableProcessors())));
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            if (!arguments[i].startsWith("--")) {
                throw new IllegalArgumentException("expected an option, found '" + arguments[i] + "'");
            }
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        if (!options.containsKey("model")) {
            System.err.println("bench inference needs --model FOLDER, and --python PYTHON with transformers and lm_eval to"
                    + " compare with; evaluation/src/test/python/prepare_smollm2.py makes a model.");
            System.exit(2);
        }
        new InferenceBenchmark(options).run();
    }

    private int number(String option) {
        return Integer.parseInt(options.get(option));
    }

    private void run() throws IOException {
        Path folder = Path.of(options.get("model"));
        List<String> texts = texts();
        List<LoglikelihoodRequest> questions = questions();
        Map<String, HarnessPeer> peers = new LinkedHashMap<>();
        try (LanguageModel model = LocalLanguageModel.open(folder,
                new InferenceOptions(number("threads"), 0, 0, InferenceOptions.KeyValueType.FLOAT32))) {
            if (options.containsKey("python")) {
                for (String dtype : options.get("dtypes").split(",")) {
                    peers.put("transformers " + dtype, new HarnessPeer(Path.of(options.get("python")),
                            Path.of(options.get("script")), folder, dtype, number("threads")));
                }
            }
            System.out.printf("%s, %d threads; %d texts of %d words, %d requests behind %d shots, %d rounds%n",
                    model.fingerprint(), number("threads"), texts.size(), number("words"), questions.size(), number("shots"),
                    number("rounds"));
            long tokens = texts.size();
            List<LoglikelihoodResult> results = List.of();
            // The first round warms both sides up and is not counted.
            for (int round = 0; round <= number("rounds"); round++) {
                results = ours(model, texts, questions, round > 0);
                for (Map.Entry<String, HarnessPeer> peer : peers.entrySet()) {
                    tokens = theirs(peer.getKey(), peer.getValue(), texts, questions, results, round > 0);
                }
            }
            report(tokens, questions.size());
        } finally {
            peers.values().forEach(HarnessPeer::close);
        }
    }

    private List<LoglikelihoodResult> ours(LanguageModel model, List<String> texts, List<LoglikelihoodRequest> questions,
            boolean counted) {
        List<LoglikelihoodRequest> prefill = new ArrayList<>();
        for (String text : texts) {
            prefill.add(new LoglikelihoodRequest(text, " the"));
        }
        long start = System.nanoTime();
        model.loglikelihood(prefill);
        note(OURS, "prefill", start, counted);
        start = System.nanoTime();
        List<LoglikelihoodResult> results = model.loglikelihood(questions);
        note(OURS, "shared", start, counted);
        start = System.nanoTime();
        for (LoglikelihoodRequest question : questions) {
            model.loglikelihood(List.of(question));
        }
        note(OURS, "unshared", start, counted);
        return results;
    }

    private long theirs(String name, HarnessPeer peer, List<String> texts, List<LoglikelihoodRequest> questions,
            List<LoglikelihoodResult> ours, boolean counted) throws IOException {
        ObjectNode prefill = JSON.createObjectNode().put("operation", "prefill");
        texts.forEach(prefill.putArray("texts")::add);
        JsonNode read = peer.ask(prefill);
        note(name, "prefill", read.get("seconds").doubleValue(), counted);
        ObjectNode scoring = JSON.createObjectNode().put("operation", "loglikelihood");
        ArrayNode pairs = scoring.putArray("requests");
        for (LoglikelihoodRequest question : questions) {
            pairs.addArray().add(question.context()).add(question.continuation());
        }
        JsonNode scored = peer.ask(scoring);
        note(name, "shared", scored.get("seconds").doubleValue(), counted);
        note(name, "unshared", scored.get("seconds").doubleValue(), counted);
        if (!counted) {
            double worst = 0;
            int greedy = 0;
            for (int i = 0; i < ours.size(); i++) {
                JsonNode result = scored.get("results").get(i);
                worst = Math.max(worst, Math.abs(result.get(0).doubleValue() - ours.get(i).logLikelihood()));
                greedy += result.get(1).booleanValue() == ours.get(i).greedy() ? 0 : 1;
            }
            System.out.printf("%s: %d log-likelihoods compared, greatest difference %.2g, is_greedy differs %d times%n", name,
                    ours.size(), worst, greedy);
        }
        return read.get("tokens").longValue();
    }

    private void note(String side, String measurement, long start, boolean counted) {
        note(side, measurement, (System.nanoTime() - start) / 1e9, counted);
    }

    private void note(String side, String measurement, double seconds, boolean counted) {
        if (counted) {
            figures.computeIfAbsent(side, key -> new LinkedHashMap<>())
                    .computeIfAbsent(measurement, key -> new ArrayList<>()).add(seconds);
        }
    }

    private double median(String side, String measurement) {
        double[] seconds = figures.get(side).get(measurement).stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return seconds[seconds.length / 2];
    }

    private void report(long tokens, int requests) {
        System.out.printf("%-24s %16s %22s %22s%n", "", "prefill tokens/s", "requests/s, shared", "requests/s, one by one");
        for (String side : figures.keySet()) {
            System.out.printf("%-24s %16.0f %22.1f %22.1f%n", side, tokens / median(side, "prefill"),
                    requests / median(side, "shared"), requests / median(side, "unshared"));
        }
        for (String side : figures.keySet()) {
            if (!side.equals(OURS)) {
                System.out.printf("ours against %-11s %15.2fx %21.2fx %21.2fx%n", side.substring(side.indexOf(' ') + 1),
                        median(side, "prefill") / median(OURS, "prefill"), median(side, "shared") / median(OURS, "shared"),
                        median(side, "unshared") / median(OURS, "unshared"));
            }
        }
    }

    /** Texts of random common words that differ from the first word on. */
    private List<String> texts() {
        String[] words = ("time year people way day man thing woman life child world school state family student group country"
                + " problem hand part place case week company system program question work night point home water room mother"
                + " area money story fact month lot right study book eye job word business issue side kind head house").split(" ");
        Random random = new Random(7);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < number("sequences"); i++) {
            StringBuilder text = new StringBuilder(i + " " + words[i % words.length]);
            for (int word = 1; word < number("words"); word++) {
                text.append(' ').append(words[random.nextInt(words.length)]);
            }
            texts.add(text.toString());
        }
        return texts;
    }

    /** The sample benchmark's counting questions, which have nine choices, behind solved ones. */
    private List<LoglikelihoodRequest> questions() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(options.get("samples"), "object_counting.jsonl"));
        int shots = number("shots");
        StringBuilder prefix = new StringBuilder();
        for (String line : lines.subList(0, shots)) {
            JsonNode shot = JSON.readTree(line);
            prefix.append(prompt(shot)).append(' ')
                    .append(shot.get("choices").get(shot.get("answer").intValue()).textValue()).append("\n\n");
        }
        List<LoglikelihoodRequest> requests = new ArrayList<>();
        for (String line : lines.subList(shots, shots + number("questions"))) {
            JsonNode question = JSON.readTree(line);
            for (JsonNode choice : question.get("choices")) {
                requests.add(new LoglikelihoodRequest(prefix + prompt(question), " " + choice.textValue()));
            }
        }
        return requests;
    }

    private static String prompt(JsonNode question) {
        return "Q: " + question.get("question").textValue() + "\nA:";
    }
}
