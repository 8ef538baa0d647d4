package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Sends the sample recipes down the line, shows how far they are, and prints what they scored. */
final class Demo {
    /** In the order of submission: the one worth looking at first. */
    private static final List<String> RECIPES = List.of("task-arithmetic", "model-stock", "ties", "slerp");

    /** The sample models have 1.8 MB of weights: shards of this size give each recipe at least eight chunks. */
    private static final String SHARD_SIZE = "200K";

    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final StackSettings settings;
    private final ServiceClient service;
    private final URI address;
    private final Console console;

    Demo(StackSettings settings, URI address, Console console) {
        this.settings = settings;
        this.service = new ServiceClient(address);
        this.address = address;
        this.console = console;
    }

    /**
     * Runs all sample recipes to their end.
     *
     * @return whether every merge and every evaluation was completed
     * @throws IOException if the service refuses a recipe or stops answering
     */
    boolean run() throws IOException, InterruptedException {
        List<String> benchmarks = benchmarks();
        List<String> merges = new ArrayList<>();
        for (String recipe : RECIPES) {
            merges.add(submit(recipe, benchmarks));
        }
        List<JsonNode> settled = watch(merges);
        boolean complete = true;
        for (JsonNode merge : settled) {
            complete &= merge.path("state").asText().equals("completed")
                    && merge.path("evaluation").path("state").asText().equals("completed");
        }

        console.line("");
        new LeaderboardPrinter(console).print(service.get("/api/leaderboard"));
        console.line("");
        console.line("  Page       " + address);
        for (JsonNode merge : settled) {
            if (merge.path("state").asText().equals("completed")) {
                JsonNode artifact = service.get("/api/artifacts/" + merge.path("artifact").asText());
                console.line("  Artifact   " + settings.store().resolve(artifact.path("location").asText())
                        + "  (" + merge.path("name").asText() + ")");
            }
        }
        console.line("");
        return complete;
    }

    /** The names of the benchmark's files are the names of its tasks. */
    private List<String> benchmarks() throws IOException {
        List<String> tasks = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(settings.benchmarks(), "*.yaml")) {
            for (Path file : files) {
                tasks.add(file.getFileName().toString().replace(".yaml", ""));
            }
        }
        tasks.sort(null);
        return tasks;
    }

    private String submit(String recipe, List<String> benchmarks) throws IOException, InterruptedException {
        Path file = settings.home().resolve("samples/recipes").resolve(recipe + ".yml");
        ObjectNode request = service.object();
        request.put("recipe", Files.readString(file));
        request.put("name", recipe);
        request.put("shardSize", SHARD_SIZE);
        ArrayNode tasks = request.putArray("benchmarks");
        benchmarks.forEach(tasks::add);
        JsonNode merge = service.post("/api/merges", request);
        console.line("Submitted " + settings.home().relativize(file));
        return merge.path("id").asText();
    }

    /** Shows progress until nothing more will happen to any of these merges; returns what became of them. */
    private List<JsonNode> watch(List<String> merges) throws IOException, InterruptedException {
        Progress progress = new Progress();
        String lastSeen = "";
        long lastChange = System.nanoTime();
        while (true) {
            List<JsonNode> states = new ArrayList<>();
            for (String merge : merges) {
                states.add(service.get("/api/merges/" + merge));
            }
            boolean milestone = progress.update(states);
            console.status(progress.text(), milestone);
            for (String message : progress.newlyEnded(states)) {
                console.line(message);
            }
            if (progress.allSettled(states)) {
                console.endStatus();
                return states;
            }
            if (!progress.text().equals(lastSeen)) {
                lastSeen = progress.text();
                lastChange = System.nanoTime();
            } else if (System.nanoTime() - lastChange > PATIENCE.toNanos()) {
                throw new IOException("nothing has happened for " + PATIENCE.toMinutes()
                        + " minutes; the processes' logs are in " + settings.logs());
            }
            Thread.sleep(PAUSE);
        }
    }
}
