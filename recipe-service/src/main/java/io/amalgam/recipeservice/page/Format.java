package io.amalgam.recipeservice.page;

import io.quarkus.qute.TemplateExtension;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Numbers and times as pages show them. */
@TemplateExtension(namespace = "fmt")
public final class Format {

    private static final double THOUSAND = 1000;
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};
    private static final int BRIEF = 12;
    /** Width of a bar in the units of its picture. */
    private static final double BAR = 100;
    private static final double NORMAL_95 = 1.959963984540054;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ISO_LOCAL_DATE_TIME;

    private Format() {
    }

    /** A number of bytes, in powers of 1000. */
    public static String bytes(long count) {
        int unit = 0;
        double value = count;
        while (value >= THOUSAND && unit < UNITS.length - 1) {
            value /= THOUSAND;
            unit++;
        }
        return unit == 0 ? count + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** A score between 0 and 1. */
    public static String score(double value) {
        return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.3f", value);
    }

    /** A difference of scores, with its sign. */
    public static String difference(double value) {
        return String.format(Locale.ROOT, "%+.3f", value);
    }

    /** A time in UTC, to the second. */
    public static String time(Instant time) {
        return time == null ? "" : TIME.format(time.truncatedTo(ChronoUnit.SECONDS).atOffset(ZoneOffset.UTC))
                .replace('T', ' ');
    }

    /** As much of a key, or of the digest in an identity, as is enough to tell it from others. */
    public static String brief(String key) {
        String digest = key.substring(key.lastIndexOf(':') + 1);
        return digest.length() <= BRIEF ? digest : digest.substring(0, BRIEF) + "…";
    }

    /** Where a score lies on a bar. */
    public static String bar(double value) {
        return String.format(Locale.ROOT, "%.1f", Math.clamp(value, 0, 1) * BAR);
    }

    /** Where the 95 % interval of a score begins on a bar. */
    public static String low(double value, double standardError) {
        return bar(value - NORMAL_95 * standardError);
    }

    /** Where the 95 % interval of a score ends on a bar. */
    public static String high(double value, double standardError) {
        return bar(value + NORMAL_95 * standardError);
    }

    /** A word in small letters. */
    public static String lower(String word) {
        return word.toLowerCase(Locale.ROOT);
    }
}
