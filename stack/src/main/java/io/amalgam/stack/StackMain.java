package io.amalgam.stack;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands that start the whole line: {@code up} and {@code demo}. */
@Command(name = "amalgam", subcommands = {UpCommand.class, DemoCommand.class})
public final class StackMain implements Callable<Integer> {

    /**
     * Runs a command and exits with its status.
     *
     * @param arguments the command's name and its options
     */
    public static void main(String[] arguments) {
        int status = new CommandLine(new StackMain())
                .setExecutionExceptionHandler((exception, line, result) -> {
                    System.err.println("amalgam: " + exception.getMessage());
                    return 1;
                })
                .execute(arguments);
        System.exit(status);
    }

    @Override
    public Integer call() {
        System.err.println("amalgam: up or demo?");
        return 2;
    }
}
