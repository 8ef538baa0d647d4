package io.amalgam.cli;

import io.amalgam.cli.client.CancelCommand;
import io.amalgam.cli.client.CompareCommand;
import io.amalgam.cli.client.DeadLettersCommand;
import io.amalgam.cli.client.KeysCommand;
import io.amalgam.cli.client.LeaderboardCommand;
import io.amalgam.cli.client.ListCommand;
import io.amalgam.cli.client.PullCommand;
import io.amalgam.cli.client.PushCommand;
import io.amalgam.cli.client.RebuildCommand;
import io.amalgam.cli.client.RetryCommand;
import io.amalgam.cli.client.ShowCommand;
import io.amalgam.cli.client.SubmitCommand;
import io.amalgam.cli.client.TriggersCommand;
import io.amalgam.cli.client.WatchCommand;
import io.amalgam.engine.Version;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The command line. A command is a class of its own that implements {@link java.util.concurrent.Callable}, returns the
 * exit status, throws {@link io.amalgam.engine.error.AmalgamException} for everything that a person can mend, and is
 * named in the list below. Only the command that is called is described to the parser: describing all of them takes
 * longer than a small merge.
 */
@Command(
        name = "amalgam",
        description = "Merges language models: MergeKit's recipes, the same bits, at the speed of the machine.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {"", "The launcher's own commands, each with --help: " + AmalgamCommand.LAUNCHER_COMMANDS},
        usageHelpAutoWidth = true)
public final class AmalgamCommand implements Runnable {

    /** Commands that the launcher runs itself, beside those of this program. */
    static final String LAUNCHER_COMMANDS = "demo up chaos test build images bench fuzz generate";

    private static final List<Class<?>> COMMANDS = List.of(
            PlanCommand.class,
            MergeCommand.class,
            MethodsCommand.class,
            BenchmarksCommand.class,
            EvaluateCommand.class,
            SubmitCommand.class,
            WatchCommand.class,
            ListCommand.class,
            ShowCommand.class,
            CancelCommand.class,
            RetryCommand.class,
            LeaderboardCommand.class,
            CompareCommand.class,
            TriggersCommand.class,
            PullCommand.class,
            PushCommand.class,
            DeadLettersCommand.class,
            RebuildCommand.class,
            CompletionCommand.class,
            KeysCommand.class,
            VersionCommand.class,
            HelpCommand.class);

    @Spec
    private CommandSpec spec;

    /** Runs a command and ends the JVM with its status. */
    public static void main(String[] arguments) {
        System.exit(commandLine(arguments.length == 0 ? "" : arguments[0]).execute(arguments));
    }

    /** The whole command line, with all commands. */
    public static CommandLine commandLine() {
        return commandLine("");
    }

    /**
     * The command line as far as a command needs it.
     *
     * @param command its name; all commands are there if it is none's, or {@code help}
     */
    static CommandLine commandLine(String command) {
        CommandLine commandLine = new CommandLine(new AmalgamCommand());
        List<Class<?>> called = COMMANDS.stream()
                .filter(each -> each != HelpCommand.class
                        && each.getAnnotation(Command.class).name().equals(command))
                .toList();
        (called.isEmpty() ? COMMANDS : called).forEach(commandLine::addSubcommand);
        addHelpOption(commandLine);
        commandLine.setExecutionExceptionHandler(Failures::report);
        commandLine.setParameterExceptionHandler(Failures::reportArguments);
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        // As with mergekit-yaml, the last of several wins; scripts add theirs behind others'.
        commandLine.setOverwrittenOptionsAllowed(true);
        CommandLine.tracer().setLevel(CommandLine.TraceLevel.OFF);
        return commandLine;
    }

    /** Every command answers --help, and the commands within it; picocli's own help command has that option already. */
    private static void addHelpOption(CommandLine commandLine) {
        OptionSpec help = OptionSpec.builder("-h", "--help")
                .usageHelp(true).arity("0").type(Boolean.class).description("Prints how the command is used.").build();
        commandLine.getCommandSpec().addOption(help);
        for (CommandLine command : commandLine.getSubcommands().values()) {
            if (command.getCommandSpec().findOption("--help") == null) {
                command.getCommandSpec().addOption(OptionSpec.builder(help).scopeType(ScopeType.INHERIT).build());
            }
        }
    }

    /** Without a command there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(), "A command is missing; amalgam help lists them. (Version " + Version.AMALGAM + ")");
    }
}
