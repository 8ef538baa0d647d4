package io.amalgam.engine.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.RecipeParser;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** MergeKit's outputs for 102 recipes, and when two outputs agree: {@code golden/README.md}. */
final class GoldenFolder {

    /** The folder that model paths of the recipes are relative to; another set of the same make can be named. */
    static final Path ROOT = Path.of(System.getProperty("amalgam.golden", "src/test/resources/golden"));
    static final JsonNode INDEX = read(ROOT.resolve("golden.json"));

    private GoldenFolder() {
    }

    static ModelSources sources() {
        return new ModelSources(new LocalModelSource(ROOT, true));
    }

    static PlanOptions options() {
        return PlanOptions.commandLine().withRandomSeed(INDEX.get("random_seed").asLong());
    }

    /** Names of all recipes, in order; those that are refused begin with {@code err_}. */
    static List<String> recipes() {
        try (Stream<Path> files = Files.list(ROOT.resolve("recipes"))) {
            return files.map(file -> file.getFileName().toString().replace(".yml", ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ParsedRecipe recipe(String name) throws IOException {
        Path file = ROOT.resolve("recipes").resolve(name + ".yml");
        return RecipeParser.parse(Files.readString(file), file.getFileName().toString());
    }

    /** What the recipe's output must be: by our definitions where they differ from MergeKit's accidents. */
    static Path truth(String name) {
        Path defined = ROOT.resolve("defined").resolve(name);
        return Files.isDirectory(defined) ? defined : ROOT.resolve("expected").resolve(name);
    }

    static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
