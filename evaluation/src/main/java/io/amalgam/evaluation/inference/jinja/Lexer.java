package io.amalgam.evaluation.inference.jinja;

import io.amalgam.evaluation.data.PythonText;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Cuts a template into text and the tokens of its tags, with Jinja's rules for the whitespace around tags. */
final class Lexer {

    /** Kinds of tokens. */
    enum Kind {
        TEXT, PRINT_BEGIN, PRINT_END, TAG_BEGIN, TAG_END, NAME, STRING, INTEGER, FLOAT, OPERATOR, END
    }

    /**
     * A token.
     *
     * @param kind what it is
     * @param text the text, name or operator; of a string its value
     * @param line counted from 1
     */
    record Token(Kind kind, String text, int line) {
        boolean is(Kind other, String value) {
            return kind == other && text.equals(value);
        }
    }

    private static final Set<String> TWO_CHARACTERS = Set.of("==", "!=", "<=", ">=", "//", "**");
    private static final String ONE_CHARACTER = "+-*/%~|()[]{}.,:<>=";

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    /** Whether what precedes the position is the beginning of a line, as far as removed whitespace tells. */
    private boolean lineStart = true;
    private boolean stripNext;

    private Lexer(String source) {
        this.source = source;
    }

    /** Cuts a template. */
    static List<Token> tokens(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int tag = nextTag();
            text(position, tag);
            if (tag == source.length()) {
                break;
            }
            switch (source.charAt(tag + 1)) {
                case '#' -> comment(tag);
                case '{' -> tag(tag, Kind.PRINT_BEGIN, Kind.PRINT_END, "}}");
                default -> tag(tag, Kind.TAG_BEGIN, Kind.TAG_END, "%}");
            }
        }
        tokens.add(new Token(Kind.END, "", line));
    }

    private int nextTag() {
        for (int i = position; i + 1 < source.length(); i++) {
            if (source.charAt(i) == '{' && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return source.length();
    }

    /** Emits the text before a tag, without the whitespace that this tag or the last one takes away. */
    private void text(int from, int tag) {
        int start = from;
        if (stripNext) {
            while (start < tag && PythonText.isSpace(source.charAt(start))) {
                start++;
            }
        }
        int end = tag;
        if (tag < source.length()) {
            char mark = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            if (mark == '-') {
                while (end > start && PythonText.isSpace(source.charAt(end - 1))) {
                    end--;
                }
            } else if (mark != '+' && source.charAt(tag + 1) != '{') {
                int lineBegin = source.lastIndexOf('\n', tag - 1) + 1;
                boolean wholeLine = lineBegin > from || lineStart;
                int indent = Math.max(lineBegin, start);
                if (wholeLine && source.substring(indent, end).isBlank()) {
                    end = indent;
                }
            }
        }
        if (end > start) {
            tokens.add(new Token(Kind.TEXT, source.substring(start, end), line));
        }
        count(from, tag);
        position = tag;
        stripNext = false;
    }

    private void count(int from, int to) {
        for (int i = from; i < to; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
    }

    private void comment(int tag) {
        int close = source.indexOf("#}", tag + 2);
        if (close < 0) {
            throw error("a comment is not closed");
        }
        count(tag, close);
        position = close + 2;
        stripNext = source.charAt(close - 1) == '-' && close - 1 > tag + 1;
        lineStart = false;
        takeNewline(source.charAt(close - 1) == '+');
    }

    private void takeNewline(boolean keep) {
        if (!keep && !stripNext && position < source.length() && source.charAt(position) == '\n') {
            position++;
            line++;
            lineStart = true;
        }
    }

    private void tag(int tag, Kind begin, Kind end, String close) {
        tokens.add(new Token(begin, "", line));
        position = tag + 2;
        if (position < source.length() && (source.charAt(position) == '-' || source.charAt(position) == '+')) {
            position++;
        }
        int depth = 0;
        while (true) {
            skipBlanks();
            if (position >= source.length()) {
                throw error("a tag is not closed");
            }
            char mark = source.charAt(position);
            boolean marked = (mark == '-' || mark == '+' && end == Kind.TAG_END) && source.startsWith(close, position + 1);
            if (depth == 0 && (marked || source.startsWith(close, position))) {
                stripNext = marked && mark == '-';
                position += marked ? 3 : 2;
                tokens.add(new Token(end, "", line));
                lineStart = false;
                if (end == Kind.TAG_END) {
                    takeNewline(marked && mark == '+');
                }
                return;
            }
            depth += mark == '{' || mark == '(' || mark == '[' ? 1 : mark == '}' || mark == ')' || mark == ']' ? -1 : 0;
            expressionToken();
        }
    }

    private void skipBlanks() {
        while (position < source.length() && Character.isWhitespace(source.charAt(position))) {
            if (source.charAt(position++) == '\n') {
                line++;
            }
        }
    }

    private void expressionToken() {
        char c = source.charAt(position);
        int start = position;
        if (c == '\'' || c == '"') {
            string(c);
        } else if (Character.isDigit(c)) {
            number();
        } else if (Character.isLetter(c) || c == '_') {
            while (position < source.length()
                    && (Character.isLetterOrDigit(source.charAt(position)) || source.charAt(position) == '_')) {
                position++;
            }
            tokens.add(new Token(Kind.NAME, source.substring(start, position), line));
        } else if (position + 1 < source.length() && TWO_CHARACTERS.contains(source.substring(position, position + 2))) {
            position += 2;
            tokens.add(new Token(Kind.OPERATOR, source.substring(start, position), line));
        } else if (ONE_CHARACTER.indexOf(c) >= 0) {
            position++;
            tokens.add(new Token(Kind.OPERATOR, String.valueOf(c), line));
        } else {
            throw error("the character '" + c + "' has no place here");
        }
    }

    private void number() {
        int start = position;
        boolean fraction = false;
        while (position < source.length()) {
            char c = source.charAt(position);
            boolean point = c == '.' && !fraction && position + 1 < source.length()
                    && Character.isDigit(source.charAt(position + 1));
            if (!Character.isDigit(c) && c != '_' && !point) {
                break;
            }
            fraction |= point;
            position++;
        }
        tokens.add(new Token(fraction ? Kind.FLOAT : Kind.INTEGER, source.substring(start, position).replace("_", ""), line));
    }

    private void string(char quote) {
        StringBuilder value = new StringBuilder();
        int begin = line;
        position++;
        while (true) {
            if (position >= source.length()) {
                throw error("a string is not closed");
            }
            char c = source.charAt(position++);
            if (c == quote) {
                break;
            }
            if (c == '\n') {
                line++;
            }
            if (c == '\\' && position < source.length()) {
                escape(value);
            } else {
                value.append(c);
            }
        }
        tokens.add(new Token(Kind.STRING, value.toString(), begin));
    }

    private void escape(StringBuilder value) {
        char c = source.charAt(position++);
        switch (c) {
            case 'n' -> value.append('\n');
            case 't' -> value.append('\t');
            case 'r' -> value.append('\r');
            case '\\', '\'', '"' -> value.append(c);
            case '\n' -> { }
            case 'x' -> value.appendCodePoint(hexadecimal(2));
            case 'u' -> value.appendCodePoint(hexadecimal(4));
            case 'U' -> value.appendCodePoint(hexadecimal(8));
            default -> value.append('\\').append(c);
        }
    }

    private int hexadecimal(int digits) {
        try {
            int code = Integer.parseInt(source, position, position + digits, 16);
            position += digits;
            if (Character.isValidCodePoint(code)) {
                return code;
            }
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            // Both mean the same for the template's author.
        }
        throw error("an escape in a string lacks its digits");
    }

    private JinjaException error(String what) {
        return new JinjaException("line " + line + ": " + what);
    }
}
