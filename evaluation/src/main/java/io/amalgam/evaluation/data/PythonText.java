package io.amalgam.evaluation.data;

/**
 * Operations on text as Python has them, where Java's differ: scorers were written in Python, and their answers depend
 * on it.
 */
public final class PythonText {
    private PythonText() {
    }

    /** Whether {@code str.isspace} holds for a character: Unicode white space and the four information separators. */
    public static boolean isSpace(int codePoint) {
        return codePoint >= 0x09 && codePoint <= 0x0d
                || codePoint >= 0x1c && codePoint <= 0x20
                || codePoint == 0x85
                || codePoint == 0xa0
                || Character.isSpaceChar(codePoint);
    }

    /** {@code str.strip()}: without white space at both ends. */
    public static String strip(String text) {
        return stripLeft(stripRight(text));
    }

    /** {@code str.lstrip()}. */
    public static String stripLeft(String text) {
        int start = 0;
        // All white space is in the basic plane: units are characters here.
        while (start < text.length() && isSpace(text.charAt(start))) {
            start++;
        }
        return text.substring(start);
    }

    /** {@code str.rstrip()}. */
    public static String stripRight(String text) {
        int end = text.length();
        while (end > 0 && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    /** {@code str.strip(characters)}: without any of the given characters at both ends. */
    public static String strip(String text, String characters) {
        int start = 0;
        int end = text.length();
        while (start < end && characters.indexOf(text.charAt(start)) >= 0) {
            start++;
        }
        while (end > start && characters.indexOf(text.charAt(end - 1)) >= 0) {
            end--;
        }
        return text.substring(start, end);
    }

    /** Whether a text is blank to Python: empty after {@code strip()}. */
    public static boolean isBlank(String text) {
        return strip(text).isEmpty();
    }

    /** {@code str.isupper()}: there is a cased character, and none is lower or title case. */
    public static boolean isUpper(String text) {
        boolean cased = false;
        for (int index = 0; index < text.length();) {
            int codePoint = text.codePointAt(index);
            if (Character.isLowerCase(codePoint) || Character.isTitleCase(codePoint)) {
                return false;
            }
            cased |= Character.isUpperCase(codePoint);
            index += Character.charCount(codePoint);
        }
        return cased;
    }

    /** {@code str.islower()}: there is a cased character, and none is upper or title case. */
    public static boolean isLower(String text) {
        boolean cased = false;
        for (int index = 0; index < text.length();) {
            int codePoint = text.codePointAt(index);
            if (Character.isUpperCase(codePoint) || Character.isTitleCase(codePoint)) {
                return false;
            }
            cased |= Character.isLowerCase(codePoint);
            index += Character.charCount(codePoint);
        }
        return cased;
    }

    /** The number of non-overlapping occurrences of a text that is not empty: {@code str.count}. */
    public static int count(String text, String part) {
        int count = 0;
        for (int index = text.indexOf(part); index >= 0; index = text.indexOf(part, index + part.length())) {
            count++;
        }
        return count;
    }
}
