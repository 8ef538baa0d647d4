package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.stack.GeneratedModels;
import io.amalgam.stack.ServiceClient;
import io.amalgam.stack.Stack;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code amalgam bench whole}: the same recipe by {@code ./amalgam merge}, as it is and with {@code --fsync}, and through
 * the whole line (REST, Kafka, coordinator, one merge-worker, store), in turns. The line's store syncs everything, since
 * it promises to lose nothing; the command line does so on request.
 */
@Command(name = "whole", mixinStandardHelpOptions = true,
        description = "One merge of half-gigabyte shards by the command line and through the line with one worker.")
public final class WholeMergeBenchmark implements Callable<Integer> {
    /** About 1.9 GB: four shards of 500 MB. */
    private static final GeneratedModels.Shape SHAPE = new GeneratedModels.Shape(2048, 5632, 16, 32_000);
    private static final int MODELS = 3;
    private static final long SHARD_BYTES = 500_000_000;
    private static final int POLL_MILLISECONDS = 20;
    private static final double GIGA = 1e9;

    /** A way to merge. */
    private enum Way {
        COMMAND("./amalgam merge"), SYNCED("./amalgam merge --fsync"), LINE("through the line");

        private final String label;

        Way(String label) {
            this.label = label;
        }
    }

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "5", description = "Merges each way (default: 5).")
    private int rounds;

    @Option(names = "--method", paramLabel = "NAME", defaultValue = "ties",
            description = "linear, task_arithmetic or ties (default: ties).")
    private String method;

    @Option(names = "--work", paramLabel = "DIR",
            description = "Folder for everything that is written (default: .amalgam/bench-whole of the project).")
    private Path work;

    private final PrintStream out = System.out;

    /**
     * Measures, prints, and exits.
     *
     * @param arguments options
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new WholeMergeBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        BenchmarkFolder folder = BenchmarkFolder.open(work, "bench-whole");
        long bytes = 0;
        for (int model = 0; model < MODELS; model++) {
            bytes += GeneratedModels.write(folder.models().resolve("model-" + model), SHAPE, model);
        }
        out.printf(Locale.ROOT, "%s of %d models of %.2f GB, shards of at most %d MB%n",
                method, MODELS, bytes / GIGA / MODELS, SHARD_BYTES / 1_000_000);
        try (Stack stack = folder.stack(1, out)) {
            stack.start();
            measure(folder, new ServiceClient(stack.address()));
        } catch (IOException failure) {
            System.err.println("bench whole: " + failure.getMessage());
            return 1;
        }
        folder.remove();
        return 0;
    }

    private void measure(BenchmarkFolder folder, ServiceClient service) throws IOException, InterruptedException {
        Map<Way, List<Double>> seconds = new EnumMap<>(Way.class);
        out.println("round   " + String.join("   ", Stream.of(Way.values()).map(way -> way.label).toList()));
        // The first round warms files and the worker, and does not count.
        for (int round = 0; round <= rounds; round++) {
            Map<Way, Double> taken = round(folder, service, round);
            out.printf(Locale.ROOT, "%5s", round == 0 ? "-" : Integer.toString(round));
            for (Way way : Way.values()) {
                out.printf(Locale.ROOT, "   %" + (way.label.length() - 2) + ".2f s", taken.get(way));
                if (round > 0) {
                    seconds.computeIfAbsent(way, each -> new ArrayList<>()).add(taken.get(way));
                }
            }
            out.println();
        }
        double line = median(seconds.get(Way.LINE));
        for (Way way : List.of(Way.COMMAND, Way.SYNCED)) {
            double other = median(seconds.get(way));
            out.printf(Locale.ROOT, "through the line %.2f s, %s %.2f s (medians): %.2f times%n",
                    line, way.label, other, line / other);
        }
    }

    /** Merges each way, compares the outputs and removes them. */
    private Map<Way, Double> round(BenchmarkFolder folder, ServiceClient service, int round)
            throws IOException, InterruptedException {
        // Another weight, so that no shard of an earlier round is taken.
        String recipe = recipe(0.3 + 0.01 * round);
        Path file = Files.writeString(folder.path().resolve("recipe.yml"), recipe);
        Map<Way, Double> taken = new EnumMap<>(Way.class);
        String artifact = "";
        for (int turn = 0; turn < Way.values().length; turn++) {
            // In another order each round: who comes first finds memory that the files just removed have left.
            Way way = Way.values()[(round + turn) % Way.values().length];
            if (way == Way.LINE) {
                long start = System.nanoTime();
                artifact = order(service, recipe).path("artifact").asText();
                taken.put(way, (System.nanoTime() - start) / GIGA);
            } else {
                taken.put(way, command(folder, file, way));
            }
        }
        for (Way way : List.of(Way.COMMAND, Way.SYNCED)) {
            requireSame(folder.store().resolve("artifacts").resolve(artifact), output(folder, way));
            BenchmarkFolder.remove(output(folder, way));
        }
        service.delete("/api/artifacts/" + artifact);
        return taken;
    }

    private String recipe(double weight) {
        StringBuilder recipe = new StringBuilder("merge_method: " + method + "\ndtype: bfloat16\n");
        boolean based = !method.equals("linear");
        recipe.append(based ? "base_model: model-0\n" : "").append("models:\n");
        for (int model = based ? 1 : 0; model < MODELS; model++) {
            recipe.append(String.format(Locale.ROOT, "  - model: model-%d%n    parameters: {weight: %.2f%s}%n",
                    model, weight, method.equals("ties") ? ", density: 0.5" : ""));
        }
        return recipe.toString();
    }

    private static Path output(BenchmarkFolder folder, Way way) {
        return folder.path().resolve("output-" + way.ordinal());
    }

    private static double command(BenchmarkFolder folder, Path recipe, Way way) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(folder.home().resolve("amalgam").toString(), "merge",
                recipe.toString(), output(folder, way).toString(), "--out-shard-size", Long.toString(SHARD_BYTES)));
        if (way == Way.SYNCED) {
            command.add("--fsync");
        }
        // Where the names of the recipe's models are those of folders.
        return MeasuredProcess.step(folder.models(), "merge-" + way.ordinal(), command).seconds();
    }

    /** Places an order, waits for its end as a user would, and returns what the service then says of it. */
    private static JsonNode order(ServiceClient service, String recipe) throws IOException, InterruptedException {
        ObjectNode order = service.object();
        order.put("recipe", recipe);
        order.put("shardSize", Long.toString(SHARD_BYTES));
        JsonNode merge = service.post("/api/merges", order);
        while (true) {
            switch (merge.path("state").asText()) {
                case "completed":
                    return merge;
                case "failed", "cancelled":
                    throw new IOException("the merge ended: " + merge);
                default:
                    Thread.sleep(POLL_MILLISECONDS);
                    merge = service.get("/api/merges/" + merge.path("id").asText());
            }
        }
    }

    private static void requireSame(Path artifact, Path output) throws IOException {
        try (Stream<Path> files = Files.list(artifact)) {
            for (Path file : files.filter(each -> each.toString().endsWith(".safetensors")).toList()) {
                Path other = output.resolve(file.getFileName());
                if (!Files.exists(other) || Files.mismatch(file, other) >= 0) {
                    throw new IOException(file + " and " + other + " differ");
                }
            }
        }
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int half = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(half) : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }
}
