package io.amalgam.evaluation.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the literals of Python source text that data sets are written in: strings of both quotes (raw and triple ones
 * and adjacent ones too), numbers, {@code None}, {@code True}, {@code False}, lists, tuples and dictionaries, as
 * {@code ast.literal_eval} does. Nothing is ever evaluated.
 *
 * <p>Lists and tuples become {@link List}, dictionaries {@link Map}, whole numbers {@link Long}, others {@link Double}.
 */
public final class PythonLiteral {
    private static final int MAXIMUM_DEPTH = 32;

    private final String text;
    private int position;

    private PythonLiteral(String text, int position) {
        this.text = text;
        this.position = position;
    }

    /**
     * Reads a literal that is the whole text.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Object parse(String text) {
        PythonLiteral reader = new PythonLiteral(text, 0);
        Object value = reader.value(0);
        reader.skipBlank();
        if (reader.position < text.length()) {
            throw reader.bad("expected the end");
        }
        return value;
    }

    /**
     * Reads the literal that begins at a position, whatever follows it.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Object parseAt(String text, int position) {
        return new PythonLiteral(text, position).value(0);
    }

    private Object value(int depth) {
        if (depth > MAXIMUM_DEPTH) {
            throw bad("nested too deeply");
        }
        skipBlank();
        if (position >= text.length()) {
            throw bad("expected a value");
        }
        char first = text.charAt(position);
        return switch (first) {
            case '[' -> elements(']', depth);
            case '(' -> elements(')', depth);
            case '{' -> dictionary(depth);
            case '\'', '"' -> strings();
            default -> {
                if (startsString()) {
                    yield strings();
                }
                yield word();
            }
        };
    }

    private List<Object> elements(char end, int depth) {
        position++;
        List<Object> elements = new ArrayList<>();
        while (true) {
            skipBlank();
            if (peek() == end) {
                position++;
                return elements;
            }
            elements.add(value(depth + 1));
            skipBlank();
            if (peek() == ',') {
                position++;
            } else if (peek() != end) {
                throw bad("expected , or " + end);
            }
        }
    }

    private Map<Object, Object> dictionary(int depth) {
        position++;
        Map<Object, Object> entries = new LinkedHashMap<>();
        while (true) {
            skipBlank();
            if (peek() == '}') {
                position++;
                return entries;
            }
            Object key = value(depth + 1);
            skipBlank();
            if (peek() != ':') {
                throw bad("expected :");
            }
            position++;
            entries.put(key, value(depth + 1));
            skipBlank();
            if (peek() == ',') {
                position++;
            } else if (peek() != '}') {
                throw bad("expected , or }");
            }
        }
    }

    private boolean startsString() {
        char first = peek();
        boolean prefix = first == 'r' || first == 'R' || first == 'u' || first == 'U';
        return first == '\'' || first == '"'
                || prefix && position + 1 < text.length()
                        && (text.charAt(position + 1) == '\'' || text.charAt(position + 1) == '"');
    }

    /** Adjacent strings are one. */
    private String strings() {
        StringBuilder joined = new StringBuilder();
        do {
            string(joined);
            skipBlank();
        } while (position < text.length() && startsString());
        return joined.toString();
    }

    private void string(StringBuilder out) {
        char prefix = peek();
        boolean raw = prefix == 'r' || prefix == 'R';
        if (prefix != '\'' && prefix != '"') {
            position++;
        }
        char quote = peek();
        String delimiter = text.startsWith(String.valueOf(quote).repeat(3), position)
                ? String.valueOf(quote).repeat(3)
                : String.valueOf(quote);
        position += delimiter.length();
        while (!text.startsWith(delimiter, position)) {
            if (position >= text.length() || delimiter.length() == 1 && peek() == '\n') {
                throw bad("a string that does not end");
            }
            char character = text.charAt(position++);
            if (character != '\\') {
                out.append(character);
            } else if (raw) {
                out.append('\\').append(next());
            } else {
                escape(out);
            }
        }
        position += delimiter.length();
    }

    private void escape(StringBuilder out) {
        char escaped = next();
        switch (escaped) {
            case '\n' -> {
                // A line that goes on: nothing is added.
            }
            case '\\', '\'', '"' -> out.append(escaped);
            case 'n' -> out.append('\n');
            case 't' -> out.append('\t');
            case 'r' -> out.append('\r');
            case 'a' -> out.append('\u0007');
            case 'b' -> out.append('\b');
            case 'f' -> out.append('\f');
            case 'v' -> out.append('\u000b');
            case 'x' -> out.appendCodePoint(number(2, 16));
            case 'u' -> out.appendCodePoint(number(4, 16));
            case 'U' -> out.appendCodePoint(number(8, 16));
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                position--;
                int digits = 1;
                while (digits < 3 && position + digits < text.length()
                        && Character.digit(text.charAt(position + digits), 8) >= 0) {
                    digits++;
                }
                out.appendCodePoint(number(digits, 8));
            }
            default -> out.append('\\').append(escaped);
        }
    }

    private int number(int digits, int radix) {
        if (position + digits > text.length()) {
            throw bad("a string that does not end");
        }
        int value = Integer.parseUnsignedInt(text.substring(position, position + digits), radix);
        position += digits;
        return value;
    }

    private Object word() {
        int start = position;
        while (position < text.length()
                && (Character.isLetterOrDigit(peek()) || "+-._".indexOf(peek()) >= 0)) {
            position++;
        }
        String word = text.substring(start, position);
        return switch (word) {
            case "None" -> null;
            case "True" -> true;
            case "False" -> false;
            default -> {
                try {
                    yield word.matches("[+-]?\\d+") ? (Object) Long.parseLong(word) : (Object) Double.parseDouble(word);
                } catch (NumberFormatException e) {
                    throw bad("\"" + word + "\" is no literal");
                }
            }
        };
    }

    private void skipBlank() {
        while (position < text.length()) {
            char character = text.charAt(position);
            if (character == '#') {
                while (position < text.length() && text.charAt(position) != '\n') {
                    position++;
                }
            } else if (Character.isWhitespace(character)) {
                position++;
            } else {
                return;
            }
        }
    }

    private char peek() {
        return position < text.length() ? text.charAt(position) : '\0';
    }

    private char next() {
        if (position >= text.length()) {
            throw bad("a string that does not end");
        }
        return text.charAt(position++);
    }

    private IllegalArgumentException bad(String problem) {
        return new IllegalArgumentException("not a Python literal at character " + position + ": " + problem);
    }
}
