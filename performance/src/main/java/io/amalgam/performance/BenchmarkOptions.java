package io.amalgam.performance;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Options of the comparisons with MergeKit.
 *
 * @param launcher of Amalgam
 * @param size of the models in billions of parameters
 * @param runs of each program
 * @param methods to compare; empty for all
 * @param folder for models, outputs and logs
 */
record BenchmarkOptions(Path launcher, double size, int runs, List<String> methods, Path folder) {

    /**
     * Reads arguments, of which the first is the launcher's path; wrong ones end the process.
     *
     * @param name of the benchmark, for messages
     */
    private static BenchmarkOptions parse(String name, double defaultSize, String[] arguments) {
        Path launcher = Path.of(arguments[0]).toAbsolutePath();
        double size = defaultSize;
        int runs = 1;
        List<String> methods = new ArrayList<>();
        Path folder = launcher.resolveSibling(".amalgam").resolve("bench");
        for (int i = 1; i < arguments.length; i += 2) {
            if (i + 1 == arguments.length) {
                fail(name, arguments[i] + " needs a value");
            }
            String value = arguments[i + 1];
            switch (arguments[i]) {
                case "--size" -> size = Double.parseDouble(value);
                case "--runs" -> runs = Integer.parseInt(value);
                case "--methods" -> methods.addAll(List.of(value.split(",")));
                case "--folder" -> folder = Path.of(value).toAbsolutePath();
                default -> fail(name, "unknown option " + arguments[i] + "; there are --size, --runs, --methods, --folder");
            }
        }
        return new BenchmarkOptions(launcher, size, runs, methods, folder);
    }

    /** What a benchmark does. */
    @FunctionalInterface
    interface Body {
        /** Runs it. */
        void run(BenchmarkOptions options) throws IOException, InterruptedException;
    }

    /**
     * Runs a benchmark; a failure ends the process with its reason.
     *
     * @param arguments as for {@link #parse}
     */
    static void run(String name, double defaultSize, String[] arguments, Body body) throws InterruptedException {
        try {
            body.run(parse(name, defaultSize, arguments));
        } catch (IOException e) {
            fail(name, e.getMessage());
        }
    }

    /** The methods to compare, of those that there are recipes for. */
    List<String> methodsAmong(String name, Set<String> recipes) {
        for (String method : methods) {
            if (!recipes.contains(method)) {
                fail(name, "unknown method " + method + "; there are " + String.join(", ", recipes));
            }
        }
        return methods.isEmpty() ? List.copyOf(recipes) : methods;
    }

    /** Where the models of this size are. */
    Path models() {
        return folder.resolve("models-" + size);
    }

    private static void fail(String name, String message) {
        System.err.println(name + ": " + message);
        System.exit(2);
    }
}
