package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import picocli.CommandLine;

/** How commands are used is told by {@code help} and after every command, however deep. */
class HelpTest {

    @Test
    void helpListsTheCommandsAndTheLaunchersToo() {
        for (String ask : List.of("help", "--help")) {
            CommandRun run = CommandRun.of(ask);
            assertEquals(0, run.status(), run.err());
            assertTrue(run.out().contains("merge") && run.out().contains("dead-letters"), run.out());
            for (String command : AmalgamCommand.LAUNCHER_COMMANDS.split(" ")) {
                assertTrue(run.out().contains(command), run.out());
            }
        }
        assertTrue(CommandRun.of("help", "merge").out().contains("--out-shard-size"));
    }

    @Test
    void everyCommandAnswersHelpWithItsUsage() {
        List<List<String>> commands = new ArrayList<>();
        collect(List.of(), AmalgamCommand.commandLine(), commands);
        assertTrue(commands.contains(List.of("dead-letters", "replay")) && commands.contains(List.of("merge")),
                commands.toString());
        List<Executable> checks = new ArrayList<>();
        for (List<String> command : commands) {
            for (String option : List.of("--help", "-h")) {
                List<String> arguments = new ArrayList<>(command);
                arguments.add(option);
                checks.add(() -> {
                    CommandRun run = CommandRun.of(arguments.toArray());
                    assertEquals(0, run.status(), arguments + run.err());
                    assertTrue(run.out().contains("Usage: amalgam " + String.join(" ", command)), arguments + run.out());
                });
            }
        }
        assertAll(checks);
    }

    private static void collect(List<String> path, CommandLine command, List<List<String>> all) {
        command.getSubcommands().forEach((name, each) -> {
            List<String> longer = new ArrayList<>(path);
            longer.add(name);
            all.add(longer);
            collect(longer, each, all);
        });
    }
}
