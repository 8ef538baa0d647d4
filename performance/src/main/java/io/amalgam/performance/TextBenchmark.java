package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Whether models merged by Amalgam write the same text as those merged by MergeKit: both merge the sample models by each
 * method, {@code transformers} loads both results, encodes questions of the samples' benchmark and continues them
 * greedily.
 *
 * <p>Arguments: {@code --methods A,B} (all), {@code --prompts N} of each task (20), {@code --tokens N} (24),
 * {@code --folder DIR}. Ends with status 1 if any continuation differs.
 */
public final class TextBenchmark {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** In the order of {@link PeerModels#names()}. */
    private static final List<String> MODELS = List.of(
            "base", "boolean-expressions-expert", "object-counting-expert", "web-of-lies-expert", "navigation-expert",
            "ordering-expert");

    private final Path launcher;
    private final Path samples;
    private final Path folder;
    private final int tokens;

    private TextBenchmark(Path launcher, Path folder, int tokens) {
        this.launcher = launcher;
        this.samples = launcher.resolveSibling("samples");
        this.folder = folder;
        this.tokens = tokens;
    }

    /** Runs the comparison; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path launcher = Path.of(arguments[0]).toAbsolutePath();
        Path folder = launcher.resolveSibling(".amalgam").resolve("bench");
        List<String> methods = new ArrayList<>();
        int prompts = 20;
        int tokens = 24;
        for (int i = 1; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                fail(arguments[i] + " needs a value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--methods" -> methods.addAll(List.of(value.split(",")));
                case "--prompts" -> prompts = number(arguments[i], value);
                case "--tokens" -> tokens = number(arguments[i], value);
                case "--folder" -> folder = Path.of(value).toAbsolutePath();
                default -> fail("unknown option " + arguments[i] + "; there are --methods, --prompts, --tokens, --folder");
            }
        }
        System.exit(new TextBenchmark(launcher, folder, tokens).run(methods, prompts) ? 0 : 1);
    }

    private static int number(String option, String value) {
        if (!value.matches("[1-9]\\d{0,3}")) {
            fail(option + " is " + value + ", expected a number from 1 to 9999");
        }
        return Integer.parseInt(value);
    }

    private static void fail(String message) {
        System.err.println("bench texts: " + message);
        System.exit(2);
    }

    private boolean run(List<String> wanted, int promptsOfTask) throws IOException, InterruptedException {
        PeerInstallation peer = PeerInstallation.in(folder);
        Path work = folder.resolve("texts");
        delete(work);
        Files.createDirectories(work.resolve("logs"));
        for (int model = 0; model < MODELS.size(); model++) {
            Files.createSymbolicLink(
                    work.resolve(PeerModels.names().get(model)), samples.resolve("models").resolve(MODELS.get(model)));
        }
        Map<String, String> recipes = PeerRecipes.all(work.toString());
        List<String> methods = wanted.isEmpty() ? List.copyOf(recipes.keySet()) : wanted;
        ObjectNode request = JSON.createObjectNode().put("tokens", tokens);
        ArrayNode pairs = request.putArray("pairs");
        for (String method : methods) {
            if (!recipes.containsKey(method)) {
                fail("unknown method " + method + "; there are " + String.join(", ", recipes.keySet()));
            }
            Path recipe = work.resolve(method + ".yml");
            Files.writeString(recipe, recipes.get(method));
            Path ours = work.resolve(method).resolve("amalgam");
            Path theirs = work.resolve(method).resolve("mergekit");
            merge(work, method + "-amalgam", launcher.toString(), "merge", recipe.toString(), ours.toString());
            merge(work, method + "-mergekit", peer.program().toString(), recipe.toString(), theirs.toString());
            pairs.add(JSON.createArrayNode().add(method).add(ours.toString()).add(theirs.toString()));
        }
        prompts(promptsOfTask).forEach(request.putArray("prompts")::add);
        return compare(peer, request);
    }

    private static void merge(Path work, String name, String... command) throws IOException, InterruptedException {
        List<String> seeded = new ArrayList<>(List.of(command));
        seeded.addAll(List.of("--random-seed", PeerBenchmark.SEED));
        MeasuredProcess.step(work, name, seeded);
    }

    /** Questions as the samples' benchmark asks them. */
    private List<String> prompts(int ofTask) throws IOException {
        List<Path> tasks;
        try (Stream<Path> files = Files.list(samples.resolve("benchmark"))) {
            tasks = files.filter(file -> file.toString().endsWith(".jsonl")).sorted().toList();
        }
        List<String> prompts = new ArrayList<>();
        for (Path task : tasks) {
            try (Stream<String> lines = Files.lines(task)) {
                for (String line : lines.limit(ofTask).toList()) {
                    prompts.add("Q: " + JSON.readTree(line).path("question").asText() + "\nA:");
                }
            }
        }
        return prompts;
    }

    private boolean compare(PeerInstallation peer, ObjectNode request) throws IOException, InterruptedException {
        Path script = launcher.resolveSibling("performance").resolve("src/main/python/compare_texts.py");
        Process python = new ProcessBuilder(peer.python().toString(), script.toString())
                .redirectError(ProcessBuilder.Redirect.to(new File(folder.resolve("texts/logs/compare.log").toString())))
                .start();
        try (OutputStream out = python.getOutputStream()) {
            out.write(JSON.writeValueAsBytes(request));
        }
        System.out.printf("Greedy continuations of %d tokens, transformers in float32%n%n", tokens);
        System.out.println("| method | prompts | equal texts | different texts among them | encodings |");
        System.out.println("|---|---|---|---|---|");
        int compared = 0;
        boolean equal = true;
        try (BufferedReader answers =
                new BufferedReader(new InputStreamReader(python.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                JsonNode answer = JSON.readTree(line);
                compared++;
                equal &= answer.path("equal").asInt() == answer.path("prompts").asInt()
                        && answer.path("encodings").asBoolean();
                System.out.printf(
                        "| %s | %d | %d | %d | %s |%n",
                        answer.path("name").asText(),
                        answer.path("prompts").asInt(),
                        answer.path("equal").asInt(),
                        answer.path("distinct").asInt(),
                        answer.path("encodings").asBoolean() ? "equal" : "different");
                if (answer.has("difference")) {
                    System.err.println(answer.path("name").asText() + " first differs at " + answer.path("difference"));
                }
            }
        }
        if (python.waitFor() != 0 || compared != request.path("pairs").size()) {
            throw new IOException("the comparison failed; see " + folder.resolve("texts/logs/compare.log"));
        }
        return equal;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
