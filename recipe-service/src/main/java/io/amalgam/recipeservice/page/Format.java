package io.amalgam.recipeservice.page;

import io.amalgam.recipeservice.view.ByteCount;
import io.amalgam.recipeservice.view.Leaderboard;
import io.amalgam.recipeservice.view.ModelComparison;
import io.quarkus.qute.TemplateExtension;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** Numbers and times as pages show them. */
@TemplateExtension(namespace = "fmt")
public final class Format {

    private static final int BRIEF = 12;
    /** Width of a bar in the units of its picture. */
    private static final double BAR = 100;
    /** Width of the mark of a difference. */
    private static final double POINT = 1.6;
    /** Differences below it are drawn as small as they are. */
    private static final double SMALLEST_SCALE = 0.05;
    private static final long MINUTE = 60_000;
    private static final double SECOND = 1000;
    private static final int HOUR_MINUTES = 60;
    private static final int DAY_HOURS = 24;
    private static final double NORMAL_95 = 1.959963984540054;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ISO_LOCAL_DATE_TIME;

    private Format() {
    }

    /** A number of bytes, in powers of 1000. */
    public static String bytes(long count) {
        return ByteCount.text(count);
    }

    /** A speed in bytes a second. */
    public static String rate(double bytesPerSecond) {
        return bytesPerSecond <= 0 ? "–" : ByteCount.text(Math.round(bytesPerSecond)) + "/s";
    }

    /** A speed in things a second. */
    public static String perSecond(double count) {
        return count <= 0 ? "–" : String.format(Locale.ROOT, "%.1f/s", count);
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

    /** How long something took, or has taken until now. */
    public static String duration(Instant from, Instant to) {
        if (from == null) {
            return "–";
        }
        long millis = Math.max(0, Duration.between(from, to == null ? Instant.now() : to).toMillis());
        if (millis < MINUTE) {
            return String.format(Locale.ROOT, "%.1f s", millis / SECOND);
        }
        long minutes = millis / MINUTE;
        return minutes < HOUR_MINUTES ? minutes + " min " + millis % MINUTE / (int) SECOND + " s"
                : minutes / HOUR_MINUTES + " h " + minutes % HOUR_MINUTES + " min";
    }

    /** How long ago something was, roughly. */
    public static String ago(Instant time) {
        if (time == null) {
            return "";
        }
        long seconds = Math.max(0, Duration.between(time, Instant.now()).toSeconds());
        if (seconds < 60) {
            return "just now";
        }
        long minutes = seconds / 60;
        if (minutes < HOUR_MINUTES) {
            return minutes + " min ago";
        }
        long hours = minutes / HOUR_MINUTES;
        return hours < DAY_HOURS ? hours + " h ago" : hours / DAY_HOURS + " d ago";
    }

    /** A share of a whole in percent, for pictures. */
    public static String percent(long part, long whole) {
        return whole <= 0 ? "0" : String.format(Locale.ROOT, "%.1f", Math.clamp((double) part / whole, 0, 1) * BAR);
    }

    /** What a person can do about a failure. */
    public static String remedy(String code) {
        return Remedies.of(code);
    }

    /** The greatest difference that a comparison's bars show: all of its intervals fit. */
    public static double scale(ModelComparison comparison) {
        double most = comparison.tasks().stream()
                .mapToDouble(task -> Math.max(Math.abs(task.paired().low()), Math.abs(task.paired().high())))
                .max()
                .orElse(1);
        return Math.max(most, SMALLEST_SCALE);
    }

    /** Where a difference lies on a bar whose middle is zero and whose ends are the scale. */
    public static String centred(double difference, double scale) {
        return String.format(Locale.ROOT, "%.1f", (Math.clamp(difference / scale, -1, 1) + 1) / 2 * BAR);
    }

    /** The left edge of the mark of a difference. */
    public static String centredPoint(double difference, double scale) {
        return String.format(Locale.ROOT, "%.1f", (Math.clamp(difference / scale, -1, 1) + 1) / 2 * BAR - POINT / 2);
    }

    /** The words of a verdict as one, for the name of a style. */
    public static String word(String words) {
        return words.replace(' ', '-');
    }

    /** A style for an interval: {@code good} above zero, {@code bad} below, nothing around it. */
    public static String sign(double low, double high) {
        return low > 0 ? "good" : high < 0 ? "bad" : "";
    }

    /** What guessing scores on average over the averaged tasks. */
    public static double averageChance(Leaderboard board) {
        return board.tasks().stream()
                .filter(task -> board.averagedTasks().contains(task.name()))
                .mapToDouble(Leaderboard.Task::chance)
                .average()
                .orElse(0);
    }

    /** Whether a value is the best of its task. */
    public static boolean isBest(Leaderboard board, String task, double value) {
        return board.rows().stream()
                .map(row -> row.cells().get(task))
                .noneMatch(cell -> cell != null && cell.value() > value);
    }
}
