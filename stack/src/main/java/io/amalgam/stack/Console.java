package io.amalgam.stack;

import java.io.PrintStream;

/**
 * Lines for a reader, and on a terminal one status line below them that is written over. Where the output is no
 * terminal, a status is a line of its own, written only when the caller says that it is worth one.
 */
final class Console {
    private static final String ERASE_LINE = "\r\u001b[2K";

    private final PrintStream out;
    private final boolean terminal;
    private String status = "";

    Console(PrintStream out) {
        this.out = out;
        java.io.Console console = System.console();
        this.terminal = console != null && console.isTerminal();
    }

    /** Writes a line; a status stays below it. */
    synchronized void line(String text) {
        if (!status.isEmpty()) {
            out.print(ERASE_LINE);
        }
        out.println(text);
        out.print(status);
        out.flush();
    }

    /**
     * Replaces the status.
     *
     * @param text the new one
     * @param milestone whether it is worth a line where it cannot be written over
     */
    synchronized void status(String text, boolean milestone) {
        if (terminal) {
            out.print(ERASE_LINE + text);
            out.flush();
            status = text;
        } else if (milestone) {
            out.println(text);
            out.flush();
        }
    }

    /** Ends the status, which stays as it is; what follows begins on a line of its own. */
    synchronized void endStatus() {
        if (!status.isEmpty()) {
            out.println();
            status = "";
        }
    }
}
