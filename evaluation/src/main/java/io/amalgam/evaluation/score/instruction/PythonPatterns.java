package io.amalgam.evaluation.score.instruction;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Regular expressions with Python's meaning of {@code \s}, {@code \S}, {@code \w} and {@code \b}, which are Unicode's
 * but for combining marks, and of {@code .}, {@code ^} and {@code $}, which know only the line feed.
 */
final class PythonPatterns {
    private static final String SPACE =
            "\\t-\\r\\x1c-\\x20\\x85\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
    private static final String WORD = "\\p{L}\\p{N}_";
    private static final String BOUNDARY =
            "(?:(?<=[" + WORD + "])(?![" + WORD + "])|(?<![" + WORD + "])(?=[" + WORD + "]))";

    private PythonPatterns() {
    }

    /**
     * Compiles a pattern.
     *
     * @param pattern a pattern in which no {@code \s}, {@code \S}, {@code \w} or {@code \b} is within brackets
     * @param flags Java's flags besides {@link Pattern#UNIX_LINES}
     */
    static Pattern compile(String pattern, int flags) {
        StringBuilder translated = new StringBuilder();
        for (int index = 0; index < pattern.length(); index++) {
            char character = pattern.charAt(index);
            if (character != '\\' || index + 1 == pattern.length()) {
                translated.append(character);
                continue;
            }
            char escaped = pattern.charAt(++index);
            switch (escaped) {
                case 's' -> translated.append('[').append(SPACE).append(']');
                case 'S' -> translated.append("[^").append(SPACE).append(']');
                case 'w' -> translated.append('[').append(WORD).append(']');
                case 'd' -> translated.append("\\p{Nd}");
                case 'b' -> translated.append(BOUNDARY);
                default -> translated.append('\\').append(escaped);
            }
        }
        return Pattern.compile(translated.toString(), flags | Pattern.UNIX_LINES);
    }

    /** Compiles a pattern without further flags. */
    static Pattern compile(String pattern) {
        return compile(pattern, 0);
    }

    /** Compiles a pattern that ignores case. */
    static Pattern ignoringCase(String pattern) {
        return compile(pattern, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    }

    /** The number of matches that do not overlap. */
    static int count(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        int count = 0;
        while (matcher.find()) {
            count++;
        }
        return count;
    }

    /** {@code re.findall} of a pattern without groups. */
    static List<String> findAll(Pattern pattern, String text) {
        List<String> found = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    /** {@code re.split} of a pattern without groups: empty parts at the end are kept. */
    static String[] split(Pattern pattern, String text) {
        List<String> parts = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        int start = 0;
        while (matcher.find()) {
            parts.add(text.substring(start, matcher.start()));
            start = matcher.end();
        }
        parts.add(text.substring(start));
        return parts.toArray(new String[0]);
    }
}
