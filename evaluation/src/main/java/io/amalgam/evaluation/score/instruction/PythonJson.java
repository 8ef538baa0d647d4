package io.amalgam.evaluation.score.instruction;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says whether Python's {@code json.loads} accepts a text: any value, {@code NaN} and the infinities too, repeated keys;
 * but no raw control character in a string and nothing after the value.
 */
final class PythonJson {
    /** Deeper nesting exhausts Python's stack. */
    private static final int MAXIMUM_DEPTH = 990;
    private static final Pattern NUMBER =
            Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][-+]?[0-9]+)?");
    private static final String[] WORDS = {"null", "true", "false", "NaN", "Infinity", "-Infinity"};

    private final String text;
    private int position;

    private PythonJson(String text) {
        this.text = text;
    }

    /** Whether the text is a document. */
    static boolean accepts(String text) {
        PythonJson reader = new PythonJson(text);
        reader.skipSpace();
        if (!reader.value(0)) {
            return false;
        }
        reader.skipSpace();
        return reader.position == text.length();
    }

    private boolean value(int depth) {
        if (position >= text.length() || depth > MAXIMUM_DEPTH) {
            return false;
        }
        return switch (text.charAt(position)) {
            case '"' -> string();
            case '{' -> members(depth);
            case '[' -> elements(depth);
            default -> word() || number();
        };
    }

    private boolean members(int depth) {
        position++;
        skipSpace();
        if (take('}')) {
            return true;
        }
        do {
            skipSpace();
            if (!at('"') || !string()) {
                return false;
            }
            skipSpace();
            if (!take(':')) {
                return false;
            }
            skipSpace();
            if (!value(depth + 1)) {
                return false;
            }
            skipSpace();
        } while (take(','));
        return take('}');
    }

    private boolean elements(int depth) {
        position++;
        skipSpace();
        if (take(']')) {
            return true;
        }
        do {
            skipSpace();
            if (!value(depth + 1)) {
                return false;
            }
            skipSpace();
        } while (take(','));
        return take(']');
    }

    private boolean string() {
        position++;
        while (position < text.length()) {
            char character = text.charAt(position++);
            if (character == '"') {
                return true;
            }
            if (character < ' ') {
                return false;
            }
            if (character == '\\' && !escape()) {
                return false;
            }
        }
        return false;
    }

    private boolean escape() {
        if (position >= text.length()) {
            return false;
        }
        char escaped = text.charAt(position++);
        if (escaped != 'u') {
            return "\"\\/bfnrt".indexOf(escaped) >= 0;
        }
        for (int digit = 0; digit < 4; digit++, position++) {
            if (position >= text.length() || "0123456789abcdefABCDEF".indexOf(text.charAt(position)) < 0) {
                return false;
            }
        }
        return true;
    }

    private boolean word() {
        for (String word : WORDS) {
            if (text.startsWith(word, position)) {
                position += word.length();
                return true;
            }
        }
        return false;
    }

    private boolean number() {
        Matcher matcher = NUMBER.matcher(text).region(position, text.length());
        if (!matcher.lookingAt()) {
            return false;
        }
        position = matcher.end();
        return true;
    }

    private void skipSpace() {
        while (position < text.length() && " \t\n\r".indexOf(text.charAt(position)) >= 0) {
            position++;
        }
    }

    private boolean at(char character) {
        return position < text.length() && text.charAt(position) == character;
    }

    private boolean take(char character) {
        if (!at(character)) {
            return false;
        }
        position++;
        return true;
    }
}
