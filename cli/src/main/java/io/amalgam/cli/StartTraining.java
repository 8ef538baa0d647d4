package io.amalgam.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * What the launcher runs once after a build so that the JVM can keep which classes commands load and what in them is hot
 * (an ahead-of-time cache, JEP 483 and 515): the usual commands, on the samples. Nothing they print is shown.
 *
 * <p>Arguments: {@code plain} for commands that look and ask, {@code vector} for those that compute; the project's folder;
 * a folder for temporary files.
 */
final class StartTraining {

    private static final List<String> RECIPES = List.of("task-arithmetic", "model-stock", "ties", "slerp");

    private StartTraining() {
    }

    /** Runs the commands; a failure of one is no matter. */
    public static void main(String[] arguments) throws IOException {
        Path samples = Path.of(arguments[1]).resolve("samples");
        if (arguments[0].equals("plain")) {
            look(samples);
        } else {
            compute(samples, Path.of(arguments[2]));
        }
    }

    private static void look(Path samples) {
        run("version");
        run("help");
        run("methods");
        run("methods", "ties");
        for (String recipe : RECIPES) {
            run("plan", recipe(samples, recipe));
        }
        run("plan", recipe(samples, "ties"), "--json");
        run("plan", recipe(samples, "no-such-recipe"));
        // Nothing listens there: what a client loads before it says so is what counts.
        run("list", "--server", "http://127.0.0.1:1");
    }

    private static void compute(Path samples, Path temporary) throws IOException {
        Path folder = Files.createTempDirectory(temporary, "training");
        try {
            for (String recipe : RECIPES) {
                run("merge", recipe(samples, recipe), folder.resolve(recipe).toString());
            }
            run("plan", recipe(samples, "ties"), "--report");
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String recipe(Path samples, String name) {
        return samples.resolve("recipes").resolve(name + ".yml").toString();
    }

    private static void run(String... arguments) {
        CommandLine commandLine = AmalgamCommand.commandLine(arguments[0]);
        commandLine.setOut(new PrintWriter(Writer.nullWriter()));
        commandLine.setErr(new PrintWriter(Writer.nullWriter()));
        commandLine.execute(arguments);
    }
}
