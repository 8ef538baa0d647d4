package io.amalgam.cli;

import java.io.Console;
import java.util.Map;

/** What a command's output is: a terminal that a person watches, or a file or program that keeps what is written. */
public final class Terminal {

    /** Set, to anything but an empty text, it turns colours off: see no-color.org. */
    private static final String NO_COLOR = "NO_COLOR";
    private static final String RESET = "\u001b[0m";
    private static final String ESCAPE = "\u001b[";

    private Terminal() {
    }

    /** Colours for words, as terminals number them. */
    public enum Colour {
        /** What is well. */
        GREEN(32),
        /** What is not. */
        RED(31),
        /** What somebody stopped, or has to look at. */
        YELLOW(33),
        /** What goes on. */
        CYAN(36);

        private final int code;

        Colour(int code) {
            this.code = code;
        }

        /** A text in this colour. */
        public String of(String text) {
            return ESCAPE + code + "m" + text + RESET;
        }
    }

    /** Whether a line can be drawn over: bars and transfers are shown on such terminals only. */
    public static boolean drawsOver() {
        return drawsOver(isTerminal(), System.getenv());
    }

    /** Whether words may have colours. */
    public static boolean hasColours() {
        return hasColours(isTerminal(), System.getenv());
    }

    /** As {@link #drawsOver()}, of another environment. */
    static boolean drawsOver(boolean terminal, Map<String, String> environment) {
        return terminal && !"dumb".equals(environment.get("TERM"));
    }

    /** As {@link #hasColours()}, of another environment. */
    static boolean hasColours(boolean terminal, Map<String, String> environment) {
        return drawsOver(terminal, environment) && environment.getOrDefault(NO_COLOR, "").isEmpty();
    }

    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }
}
