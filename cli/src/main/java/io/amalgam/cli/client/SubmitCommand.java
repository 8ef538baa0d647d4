package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Sends a recipe to the service. */
@Command(name = "submit", description = "Order a merge from a recipe-service.",
        footer = "Exit status: 0 accepted (with --watch: completed), 1 refused or failed, 3 service unavailable, 4 cancelled.")
public final class SubmitCommand implements Callable<Integer> {

    @Parameters(paramLabel = "RECIPE", description = "The recipe: MergeKit's YAML.")
    private Path recipe;

    @Option(names = "--name", paramLabel = "NAME", description = "A name for people (default: the recipe's file name).")
    private String name;

    @Option(names = {"--seed", "--random-seed"}, paramLabel = "N",
            description = "Seed of the random stream (default: derived from the recipe).")
    private Long seed;

    @Option(names = {"--shard-size", "--out-shard-size"}, paramLabel = "SIZE",
            description = "The most bytes of an output shard, such as 500MB (default: the service's).")
    private String shardSize;

    @Option(names = "--benchmarks", paramLabel = "TASK", split = ",",
            description = "Tasks to score the artifact, its parents and its base with.")
    private List<String> benchmarks = List.of();

    @Option(names = "--strict", description = "Refuse the recipe for an unknown key.")
    private boolean strict;

    @Option(names = "--watch", description = "Stay until the merge has ended and its scores are there.")
    private boolean watch;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() throws IOException {
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("recipe", text(recipe));
        order.put("name", name == null ? baseName(recipe) : name);
        order.put("benchmarks", benchmarks);
        order.put("strict", strict);
        if (seed != null) {
            order.put("seed", seed);
        }
        if (shardSize != null) {
            order.put("shardSize", shardSize);
        }
        Server server = options.server();
        JsonNode submission = submit(server, order);
        PrintWriter err = options.err();
        for (JsonNode problem : submission.path("problems")) {
            err.println(problem.path("severity").asText() + "[" + problem.path("code").asText() + "] "
                    + atRecipe(Server.problem(problem, ErrorCode.INTERNAL.name())));
        }
        err.flush();
        String id = submission.path("id").asText("");
        options.print(submission, watch, () -> describe(submission) + System.lineSeparator());
        return watch && !id.isEmpty()
                ? new MergeWatch(server, id, options.out(), options.json(), true).follow()
                : 0;
    }

    private JsonNode submit(Server server, Map<String, Object> order) {
        try {
            return server.post("api/merges", order);
        } catch (AmalgamException refusal) {
            // The service knows the recipe without its file.
            throw new AmalgamException(refusal.problems().stream().map(this::atRecipe).toList());
        }
    }

    private Problem atRecipe(Problem problem) {
        return problem.line() == 0 ? problem : new Problem(problem.code(), problem.severity(), problem.message(),
                recipe.toString(), problem.line(), problem.column());
    }

    private static String describe(JsonNode submission) {
        String artifact = submission.path("artifact").asText();
        String id = submission.path("id").asText("");
        JsonNode cost = submission.path("cost");
        return switch (submission.path("outcome").asText()) {
            case "STARTED" -> String.format(Locale.ROOT, "merge %s started (attempt %d): %d chunks, %s to read, %s to write%n"
                            + "artifact %s", id, submission.path("attempt").asInt(), cost.path("chunks").asInt(),
                    Display.bytes(cost.path("bytesToRead").asDouble()),
                    Display.bytes(cost.path("bytesToWrite").asDouble()), artifact);
            case "JOINED" -> String.format("merge %s makes the same artifact already%nartifact %s", id, artifact);
            default -> String.format("the artifact exists already%nartifact %s", artifact);
        };
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException malformed) {
            throw new AmalgamException(ErrorCode.RECIPE_NOT_YAML, file + " is not UTF-8 text.", malformed);
        }
    }

    private static String baseName(Path file) {
        String name = file.getFileName().toString();
        int dot = name.lastIndexOf('.');
        return dot > 0 ? name.substring(0, dot) : name;
    }
}
