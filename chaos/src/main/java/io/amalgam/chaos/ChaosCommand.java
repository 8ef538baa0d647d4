package io.amalgam.chaos;

import io.amalgam.stack.StackSettings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code amalgam chaos}: breaks the line on purpose, and checks that it keeps its promises. */
@Command(name = "amalgam chaos", mixinStandardHelpOptions = true,
        description = "Runs the whole line under load, injects faults by a seeded schedule, and checks from the outside "
                + "that nothing is lost, duplicated or half-published and every byte is right.",
        footer = "Exit status: 0 every invariant held, 1 one was violated or the stack did not start.")
public final class ChaosCommand implements Callable<Integer> {

    @Option(names = "--minutes", paramLabel = "M", defaultValue = "10",
            description = "For how long faults are injected (default: 10); starting and settling come on top.")
    private double minutes;

    @Option(names = "--seed", paramLabel = "S", description = "Decides orders and faults (default: a random one).")
    private Long seed;

    @Option(names = "--work", paramLabel = "DIR",
            description = "Folder for everything that the run writes (default: .amalgam/chaos of the project); what an "
                    + "earlier run left there is removed, but for its models.")
    private Path work;

    @Option(names = "--recipe-services", paramLabel = "N", defaultValue = "2", description = "Default: 2.")
    private int recipeServices;

    @Option(names = "--merge-workers", paramLabel = "N", defaultValue = "3", description = "Default: 3.")
    private int mergeWorkers;

    @Option(names = "--eval-workers", paramLabel = "N", defaultValue = "1", description = "Default: 1.")
    private int evalWorkers;

    /**
     * Runs the command and exits with its status.
     *
     * @param arguments its options
     */
    public static void main(String[] arguments) {
        int status = new CommandLine(new ChaosCommand())
                .setExecutionExceptionHandler((exception, line, result) -> {
                    System.err.println("amalgam: " + exception.getMessage());
                    return 1;
                })
                .execute(arguments);
        System.exit(status);
    }

    @Override
    public Integer call() throws Exception {
        Path home = Path.of(System.getProperty("amalgam.home", ".")).toAbsolutePath().normalize();
        Path folder = work == null ? home.resolve(".amalgam/chaos") : work.toAbsolutePath().normalize();
        ChaosRun.clean(folder);
        StackSettings settings = new StackSettings(
                home, folder, folder.resolve("models"), folder.resolve("store"), home.resolve("samples/benchmark"),
                mergeWorkers, evalWorkers, 0, Optional.empty(), Optional.empty(),
                Map.of("AMALGAM_WORKER_THREADS", "1"), recipeServices, Integer.MAX_VALUE);
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1, 1_000_000_000) : seed;
        Duration duration = Duration.ofMillis(Math.round(minutes * 60_000));
        return new ChaosRun(settings, chosen, duration, new PrintWriter(System.out, true)).run() ? 0 : 1;
    }
}
