package io.amalgam.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** A command ends with the status that its documentation says. (Those of merges are tested with a real service.) */
class ExitStatusTest {

    private static final Path DOCUMENT = Path.of("..", "docs", "command-line.md");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([0-9]+) \\|");
    /** Statuses of merges, which are not failures of the command. */
    private static final Set<Integer> OF_MERGES = Set.of(0, 4);

    @Test
    void everyStatusIsDocumentedAndNoOther() throws IOException {
        Set<Integer> documented = new TreeSet<>();
        Matcher row = ROW.matcher(Files.readString(DOCUMENT));
        while (row.find()) {
            documented.add(Integer.parseInt(row.group(1)));
        }
        Set<Integer> used = new TreeSet<>(OF_MERGES);
        for (ErrorCode code : ErrorCode.values()) {
            used.add(statusOf(new AmalgamException(code, "why")));
        }
        used.add(CommandRun.of("merge", "--no-such-option").status());
        assertEquals(documented, used);
    }

    @Test
    void wrongArgumentsAreTwo() {
        for (String[] wrong : new String[][] {
            {}, {"no-such-command"}, {"list", "--limit", "many"}, {"show"}, {"dead-letters", "replay"}}) {
            CommandRun run = CommandRun.of((Object[]) wrong);
            assertEquals(2, run.status(), String.join(" ", wrong) + run.err());
            assertTrue(run.err().contains("ARGUMENT_INVALID"), run.err());
        }
    }

    @Test
    void whoCanMendItDecides() {
        assertEquals(1, statusOf(new AmalgamException(ErrorCode.RECIPE_INVALID, "why")));
        assertEquals(1, statusOf(new NoSuchFileException("recipe.yml")));
        assertEquals(3, statusOf(new AmalgamException(ErrorCode.SERVICE_UNAVAILABLE, "why")));
        assertEquals(3, statusOf(new AmalgamException(ErrorCode.STORAGE_FULL, "why")));
        assertEquals(3, statusOf(new IOException("why")));
        assertEquals(70, statusOf(new AmalgamException(ErrorCode.INTERNAL, "why")));
        assertEquals(70, statusOf(new IllegalStateException("why")));
    }

    @Test
    void aServiceThatDoesNotAnswerIsThreeForEveryCommandOfAClient() {
        for (String command : new String[] {"list", "leaderboard", "show x", "compare x y", "cancel x", "retry x", "rebuild", "triggers list", "dead-letters list", "keys list"}) {
            CommandRun run = CommandRun.of((Object[]) (command + " --server http://127.0.0.1:1").split(" "));
            assertEquals(3, run.status(), command + run.out() + run.err());
            assertTrue(run.err().contains("SERVICE_UNAVAILABLE"), command + run.err());
        }
    }

    private static int statusOf(Exception failure) {
        CommandLine commandLine = AmalgamCommand.commandLine();
        commandLine.setErr(new PrintWriter(Writer.nullWriter()));
        return Failures.report(failure, commandLine, null);
    }
}
