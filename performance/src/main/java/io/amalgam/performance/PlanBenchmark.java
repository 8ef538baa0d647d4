package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How long {@code ./amalgam plan} takes for large models, and how much memory, as whole processes. The models are made
 * first: real headers, no weights.
 *
 * <p>Arguments: {@code --shapes A,B} (all), {@code --runs N} (3), {@code --models N} fine-tunes beside the base (2),
 * {@code --folder DIR}.
 */
public final class PlanBenchmark {
    private static final double MIB = 1 << 20;

    private PlanBenchmark() {
    }

    /** Runs the benchmark; the first argument is the launcher's path. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path launcher = Path.of(arguments[0]).toAbsolutePath();
        Path folder = launcher.resolveSibling(".amalgam").resolve("bench").resolve("plan");
        List<ShapedModels> shapes = List.of(ShapedModels.values());
        int runs = 3;
        int models = 2;
        for (int i = 1; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                fail(arguments[i] + " needs a value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--shapes" -> shapes = shapes(value);
                case "--runs" -> runs = number(arguments[i], value);
                case "--models" -> models = number(arguments[i], value);
                case "--folder" -> folder = Path.of(value).toAbsolutePath();
                default -> fail("unknown option " + arguments[i] + "; there are --shapes, --runs, --models, --folder");
            }
        }
        System.out.printf(
                Locale.ROOT,
                "amalgam plan, whole process, %d processors; best of %d%n%n",
                Runtime.getRuntime().availableProcessors(),
                runs);
        System.out.println("| shape | parameters | models | tensors of each | seconds | peak MiB |");
        System.out.println("|---|---|---|---|---|---|");
        for (ShapedModels shape : shapes) {
            measure(launcher, folder, shape, models, runs);
        }
    }

    private static List<ShapedModels> shapes(String names) {
        List<ShapedModels> shapes = new ArrayList<>();
        for (String name : names.split(",")) {
            for (ShapedModels shape : ShapedModels.values()) {
                if (shape.label.equals(name)) {
                    shapes.add(shape);
                }
            }
        }
        if (shapes.size() != names.split(",").length) {
            fail("--shapes " + names + " has an unknown name; there are llama-70b and deepseek-v3");
        }
        return shapes;
    }

    private static int number(String option, String value) {
        if (!value.matches("[1-9]\\d{0,2}")) {
            fail(option + " is " + value + ", expected a number from 1 to 999");
        }
        return Integer.parseInt(value);
    }

    private static void fail(String message) {
        System.err.println("bench plan: " + message);
        System.exit(2);
    }

    private static void measure(Path launcher, Path folder, ShapedModels shape, int models, int runs)
            throws IOException, InterruptedException {
        Path shaped = folder.resolve(shape.label);
        shape.make(shaped.resolve("base"));
        StringBuilder recipe = new StringBuilder("merge_method: ties\nbase_model: base\ndtype: bfloat16\nmodels:\n");
        for (int model = 1; model <= models; model++) {
            shape.make(shaped.resolve("model-" + model));
            recipe.append("- {model: model-").append(model).append(", parameters: {weight: 0.5, density: 0.4}}\n");
        }
        Files.writeString(shaped.resolve("recipe.yml"), recipe);
        MeasuredProcess best = null;
        Path log = shaped.resolve("plan.log");
        for (int run = 0; run < runs; run++) {
            MeasuredProcess process =
                    MeasuredProcess.run(List.of(launcher.toString(), "plan", "recipe.yml"), shaped, log);
            if (process.exitCode() != 0) {
                fail("planning " + shape.label + " failed; see " + log);
            }
            best = best == null || process.seconds() < best.seconds() ? process : best;
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %.1f billion | %d and a base | %d | %.2f | %.0f |%n",
                shape.label,
                shape.parameters() / 1e9,
                models,
                shape.tensors().size(),
                best.seconds(),
                best.peakBytes() / MIB);
    }
}
