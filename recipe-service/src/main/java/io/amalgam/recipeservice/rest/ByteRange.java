package io.amalgam.recipeservice.rest;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of bytes of a file (RFC 9110, section 14).
 *
 * @param first position of the first byte
 * @param length how many
 */
record ByteRange(long first, long length) {

    private static final Pattern SINGLE = Pattern.compile("bytes=\\s*([0-9]{0,18})-([0-9]{0,18})\\s*");

    /**
     * Reads the header {@code Range}.
     *
     * @return the whole file where there is no header, or one that the standard says to ignore: another unit, several
     *     ranges, or no sense; empty where the range lies outside of the file
     */
    static Optional<ByteRange> of(String header, long fileLength) {
        ByteRange whole = new ByteRange(0, fileLength);
        Matcher matcher = header == null ? null : SINGLE.matcher(header);
        if (matcher == null || !matcher.matches() || matcher.group(1).isEmpty() && matcher.group(2).isEmpty()) {
            return Optional.of(whole);
        }
        if (matcher.group(1).isEmpty()) {
            long length = Math.min(Long.parseLong(matcher.group(2)), fileLength);
            return length == 0 ? Optional.empty() : Optional.of(new ByteRange(fileLength - length, length));
        }
        long first = Long.parseLong(matcher.group(1));
        long last = matcher.group(2).isEmpty() ? fileLength - 1 : Long.parseLong(matcher.group(2));
        if (last < first && !matcher.group(2).isEmpty()) {
            return Optional.of(whole);
        }
        return first >= fileLength
                ? Optional.empty()
                : Optional.of(new ByteRange(first, Math.min(last, fileLength - 1) - first + 1));
    }
}
