package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** How commands are used is told by {@code help} and after every command, however deep. */
class HelpTest {

    @Test
    void helpListsTheCommands() {
        for (String ask : List.of("help", "--help")) {
            String text = ask(AmalgamCommand.commandLine(), ask);
            assertTrue(text.contains("merge") && text.contains("dead-letters"), text);
        }
        assertTrue(ask(AmalgamCommand.commandLine(), "help", "merge").contains("--out-shard-size"));
    }

    @Test
    void everyCommandAnswersHelp() {
        for (String name : AmalgamCommand.commandLine().getSubcommands().keySet()) {
            if (!name.equals("help")) {
                String text = ask(AmalgamCommand.commandLine(name), name, "--help");
                assertTrue(text.contains("Usage: ") && text.contains(name), text);
            }
        }
        String list = ask(AmalgamCommand.commandLine("dead-letters"), "dead-letters", "list", "--help");
        assertTrue(list.contains("dead-letters list"), list);
    }

    private static String ask(CommandLine commandLine, String... arguments) {
        StringWriter out = new StringWriter();
        commandLine.setOut(new PrintWriter(out));
        assertEquals(0, commandLine.execute(arguments));
        return out.toString();
    }
}
