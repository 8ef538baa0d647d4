package io.amalgam.chaos;

import io.amalgam.chaos.Order.Wish;
import io.amalgam.stack.GeneratedModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/** What is ordered: an endless sequence that follows from the seed, on models that are made or copied for it. */
final class Wishes {
    /** About 7 MB each, and ten chunks: enough to be killed in the midst of, and no more to store than need be. */
    private static final GeneratedModels.Shape SHAPE = new GeneratedModels.Shape(256, 704, 4, 1_000);
    private static final String SHARD_SIZE = "700K";
    private static final List<String> GENERATED = List.of("one", "two", "three", "four", "five");
    private static final String GENERATED_BASE = "zero";
    private static final List<String> SAMPLES =
            List.of("navigation-expert", "ordering-expert", "boolean-expressions-expert");
    private static final String SAMPLES_BASE = "base";
    private static final List<String> METHODS = List.of("linear", "task_arithmetic", "ties");
    private static final String BENCHMARK = "boolean_expressions";
    private static final int LONGEST_LIFE_MILLIS = 3_000;

    private final Random random;
    private final List<Wish> earlier = new ArrayList<>();

    /** The sequence of a seed. */
    Wishes(Random random) {
        this.random = random;
    }

    /** Makes the models under a root, unless an earlier run did. */
    static void makeModels(Path root, Path samples) throws IOException {
        List<String> names = new ArrayList<>(GENERATED);
        names.add(GENERATED_BASE);
        for (int i = 0; i < names.size(); i++) {
            Path model = root.resolve(names.get(i));
            if (!Files.exists(model)) {
                GeneratedModels.write(model, SHAPE, i);
            }
        }
        List<String> copied = new ArrayList<>(SAMPLES);
        copied.add(SAMPLES_BASE);
        for (String name : copied) {
            Path model = root.resolve(name);
            if (!Files.exists(model)) {
                Files.createDirectories(model);
                try (Stream<Path> files = Files.list(samples.resolve(name))) {
                    for (Path file : files.toList()) {
                        Files.copy(file, model.resolve(file.getFileName()));
                    }
                }
            }
        }
    }

    /** The names of all models, as recipes have them. */
    static List<String> models() {
        List<String> models = new ArrayList<>(GENERATED);
        models.add(GENERATED_BASE);
        models.addAll(SAMPLES);
        models.add(SAMPLES_BASE);
        return models;
    }

    /** The next order: mostly something new, now and then what was ordered before, sometimes with a cancellation. */
    Wish next() {
        int number = earlier.size() + 1;
        int kind = random.nextInt(10);
        Wish wish;
        if (kind == 0 && !earlier.isEmpty()) {
            Wish again = earlier.get(random.nextInt(earlier.size()));
            wish = new Wish(number, again.recipe(), again.shardSize(), again.benchmarks(), -1);
        } else if (kind <= 2) {
            wish = new Wish(number, recipe(SAMPLES, SAMPLES_BASE), "200K", List.of(BENCHMARK), -1);
        } else {
            long cancelAfter = kind == 3 ? random.nextInt(LONGEST_LIFE_MILLIS) : -1;
            wish = new Wish(number, recipe(GENERATED, GENERATED_BASE), SHARD_SIZE, List.of(), cancelAfter);
        }
        earlier.add(wish);
        return wish;
    }

    private String recipe(List<String> models, String base) {
        String method = METHODS.get(random.nextInt(METHODS.size()));
        StringBuilder recipe = new StringBuilder("models:\n");
        for (String model : models) {
            recipe.append("  - model: ").append(model).append('\n')
                    .append(String.format(Locale.ROOT, "    parameters: {weight: %.4f}%n", 0.1 + random.nextDouble()));
        }
        recipe.append("merge_method: ").append(method).append('\n');
        if (!method.equals("linear")) {
            recipe.append("base_model: ").append(base).append('\n');
        }
        return recipe.append("dtype: bfloat16\n").toString();
    }
}
