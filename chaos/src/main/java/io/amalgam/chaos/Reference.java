package io.amalgam.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.AmalgamCommand;
import io.amalgam.engine.digest.Sha256;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Compares artifacts with what {@code ./amalgam merge} makes of the same recipe, in this process: byte for byte, by the
 * digests of all shards, and with what the artifact's own manifest says.
 */
final class Reference {

    private final Path models;
    private final Path store;
    private final Path scratch;
    private final ObjectMapper json = new ObjectMapper();
    private final Map<String, List<String>> verdicts = new ConcurrentHashMap<>();

    /**
     * A comparison.
     *
     * @param models root of the models' names
     * @param store the artifact store's folder
     * @param scratch a folder for references, each of which is removed when it was compared
     */
    Reference(Path models, Path store, Path scratch) {
        this.models = models;
        this.store = store;
        this.scratch = scratch;
    }

    /** What is wrong with the artifact of an order, each in a sentence; an artifact is computed once. */
    List<String> compare(Order order) {
        return verdicts.computeIfAbsent(order.artifact(), artifact -> {
            try {
                return differences(artifact, order.wish());
            } catch (IOException failure) {
                return List.of("artifact " + artifact + " cannot be read: " + failure);
            }
        });
    }

    /** How many artifacts were compared, and how many of them were as they must be. */
    int[] figures() {
        int equal = (int) verdicts.values().stream().filter(List::isEmpty).count();
        return new int[] {verdicts.size(), equal};
    }

    private List<String> differences(String artifact, Order.Wish wish) throws IOException {
        List<String> wrong = new ArrayList<>();
        Path made = store.resolve("artifacts").resolve(artifact);
        Path manifest = made.resolve("amalgam.json");
        if (!Files.isRegularFile(manifest)) {
            return List.of("artifact " + artifact + " has no manifest");
        }
        Map<String, String> actual = digests(made);
        Map<String, String> promised = new TreeMap<>();
        for (JsonNode shard : json.readTree(manifest.toFile()).path("shards")) {
            promised.put(shard.path("file").asText(), shard.path("sha256").asText());
        }
        Map<String, String> expected = reference(artifact, wish);
        if (!actual.equals(promised)) {
            wrong.add("the shards of artifact " + artifact + " are not those of its manifest");
        }
        if (!actual.equals(expected)) {
            wrong.add("the shards of artifact " + artifact + " differ from what one process makes of order " + wish.number());
        }
        return wrong;
    }

    private Map<String, String> reference(String artifact, Order.Wish wish) throws IOException {
        Path folder = scratch.resolve(artifact);
        remove(folder);
        Files.createDirectories(folder);
        // The command line's names are relative to the working directory, which is not the models' root.
        String recipe = wish.recipe();
        for (String model : Wishes.models()) {
            recipe = recipe.replaceAll("model: " + model + "\n", "model: " + models.resolve(model) + "\n");
        }
        Path file = Files.writeString(folder.resolve("recipe.yml"), recipe);
        StringWriter output = new StringWriter();
        CommandLine command = AmalgamCommand.commandLine();
        command.setOut(new PrintWriter(output)).setErr(new PrintWriter(output));
        int status = command.execute("merge", file.toString(), folder.resolve("model").toString(),
                "--out-shard-size", wish.shardSize(), "--threads", "1");
        if (status != 0) {
            throw new IOException("the reference of order " + wish.number() + " was refused: " + output);
        }
        Map<String, String> digests = digests(folder.resolve("model"));
        remove(folder);
        return digests;
    }

    private static Map<String, String> digests(Path folder) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        List<Path> shards;
        try (Stream<Path> files = Files.list(folder)) {
            shards = files.filter(file -> file.toString().endsWith(".safetensors")).toList();
        }
        for (Path shard : shards) {
            digests.put(shard.getFileName().toString(), Sha256.of(shard));
        }
        return digests;
    }

    /** Removes a folder with everything in it. */
    static void remove(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }
}
