package io.amalgam.stack;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code amalgam demo}: the whole line, and the sample recipes go down it. */
@Command(name = "demo", mixinStandardHelpOptions = true,
        description = "Starts everything, merges the sample recipes, scores them and prints a leaderboard.")
final class DemoCommand implements Callable<Integer> {
    @Mixin
    private StackOptions options;

    @Option(names = "--exit", description = "Stop when the leaderboard is printed, instead of at Ctrl-C.")
    private boolean exit;

    @Override
    public Integer call() throws Exception {
        Console console = new Console(System.out);
        StackSettings settings = options.settings(StackOptions.home());
        try (RunningStack running = RunningStack.start(settings, console)) {
            boolean complete = new Demo(settings, running.stack().address(), console).run();
            if (exit) {
                return complete ? 0 : 1;
            }
            console.line("Ctrl-C stops everything.");
            new CountDownLatch(1).await();
        }
        return 0;
    }
}
