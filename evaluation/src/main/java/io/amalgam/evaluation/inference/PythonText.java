package io.amalgam.evaluation.inference;

/** Python's notion of whitespace, which differs from Java's. */
final class PythonText {
    private PythonText() {
    }

    /** Length of a text without what {@code str.rstrip()} removes. */
    static int withoutTrailingWhitespace(String text) {
        int end = text.length();
        while (end > 0 && whitespace(text.charAt(end - 1))) {
            end--;
        }
        return end;
    }

    /** Whether {@code str.isspace()} holds for a character; all such characters are in the basic plane. */
    static boolean whitespace(char c) {
        return switch (c) {
            case '\t', '\n', '\u000b', '\f', '\r', '\u001c', '\u001d', '\u001e', '\u001f', ' ', '\u0085', '\u00a0', '\u1680',
                    '\u2028', '\u2029', '\u202f', '\u205f', '\u3000' -> true;
            default -> c >= '\u2000' && c <= '\u200a';
        };
    }
}
