package io.amalgam.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Prints a script that completes commands and options. */
@Command(name = "completion",
        description = "Print a completion script for bash and zsh: source <(./amalgam completion)")
final class CompletionCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        CommandLine whole = AmalgamCommand.commandLine();
        for (String name : AmalgamCommand.LAUNCHER_COMMANDS.split(" ")) {
            whole.addSubcommand(name, new CommandLine(CommandSpec.create()));
        }
        out.print(AutoComplete.bash("amalgam", whole));
        // The launcher is usually called by its path.
        out.println("complete -F _complete_amalgam -o default ./amalgam");
        out.flush();
        return 0;
    }
}
