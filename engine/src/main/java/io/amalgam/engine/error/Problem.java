package io.amalgam.engine.error;

import java.util.Objects;

/**
 * One thing that is wrong, or probably wrong, with an input.
 *
 * @param code what kind of problem
 * @param severity whether it refuses the input
 * @param message one sentence that names the thing, the value seen, the value expected and the remedy
 * @param file the file in which it was found, or null
 * @param line its line, counted from 1, or 0 where there is none
 * @param column its column, counted from 1, or 0 where there is none
 */
public record Problem(ErrorCode code, Severity severity, String message, String file, int line, int column) {

    /** How grave a problem is. */
    public enum Severity {
        /** The input is refused. */
        ERROR,
        /** Legal, but probably not what was meant. */
        WARNING,
        /** Worth knowing: a choice that was made for the user. */
        NOTE
    }

    /** Checks that what must be there is. */
    public Problem {
        Objects.requireNonNull(code, "code");
        Objects.requireNonNull(severity, "severity");
        Objects.requireNonNull(message, "message");
    }

    /** An error without a place. */
    public static Problem error(ErrorCode code, String message) {
        return new Problem(code, Severity.ERROR, message, null, 0, 0);
    }

    /** A warning without a place. */
    public static Problem warning(ErrorCode code, String message) {
        return new Problem(code, Severity.WARNING, message, null, 0, 0);
    }

    /** The problem as a person reads it: {@code file:line:column: message}. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        if (file != null) {
            text.append(file).append(':');
        }
        if (line > 0) {
            text.append(line).append(':');
            if (column > 0) {
                text.append(column).append(':');
            }
        }
        return text.isEmpty() ? message : text.append(' ').append(message).toString();
    }
}
