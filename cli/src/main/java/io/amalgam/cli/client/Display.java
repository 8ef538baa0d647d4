package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Terminal;
import io.amalgam.cli.Terminal.Colour;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Numbers and tables as people read them. */
final class Display {

    private static final double THOUSAND = 1000;
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB"};
    private static final int IDENTITY_LENGTH = 12;
    private static final int LINE_LENGTH = 100;
    /** States of merges, firings and letters, and verdicts of comparisons. */
    private static final Map<String, Colour> COLOURS = Map.ofEntries(
            Map.entry("completed", Colour.GREEN), Map.entry("better", Colour.GREEN), Map.entry("replayed", Colour.GREEN),
            Map.entry("failed", Colour.RED), Map.entry("refused", Colour.RED), Map.entry("worse", Colour.RED),
            Map.entry("open", Colour.YELLOW), Map.entry("cancelled", Colour.YELLOW),
            Map.entry("running", Colour.CYAN), Map.entry("started", Colour.CYAN));

    private Display() {
    }

    /** A number of bytes, in powers of 1000. */
    static String bytes(double count) {
        int unit = 0;
        double value = count;
        while (value >= THOUSAND && unit < UNITS.length - 1) {
            value /= THOUSAND;
            unit++;
        }
        return unit == 0 ? String.format(Locale.ROOT, "%.0f B", value)
                : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
    }

    /** A score between 0 and 1. */
    static String score(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    /** A difference of scores, with its sign. */
    static String difference(double value) {
        return String.format(Locale.ROOT, "%+.3f", value);
    }

    /** As much of a key as is enough to tell it from others. */
    static String brief(String key) {
        return key.length() <= IDENTITY_LENGTH ? key : key.substring(0, IDENTITY_LENGTH);
    }

    /** A time without its fraction, or an empty text. */
    static String time(JsonNode time) {
        String text = time.asText("");
        int fraction = text.indexOf('.');
        return (fraction < 0 ? text.replace("Z", "") : text.substring(0, fraction)).replace('T', ' ');
    }

    /** A text in one line that is not too long. */
    static String line(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= LINE_LENGTH ? line : line.substring(0, LINE_LENGTH - 1) + "…";
    }

    /** A word for how something stands, coloured on a terminal. */
    static String state(String word) {
        return Terminal.hasColours() ? coloured(word) : word;
    }

    private static String coloured(String word) {
        Colour colour = COLOURS.get(word);
        return colour == null ? word : colour.of(word);
    }

    /** Rows under each other in columns; the first row is the heading. Words for states are coloured on a terminal. */
    static String table(List<List<String>> rows) {
        return table(rows, Terminal.hasColours());
    }

    /** Rows under each other in columns; columns are as wide with colours as without. */
    static String table(List<List<String>> rows, boolean colours) {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                int width = row.get(column).length();
                if (column == widths.size()) {
                    widths.add(width);
                } else {
                    widths.set(column, Math.max(widths.get(column), width));
                }
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                String cell = row.get(column);
                line.append(colours ? coloured(cell) : cell).repeat(' ', widths.get(column) - cell.length() + 2);
            }
            text.append(line.toString().stripTrailing()).append(System.lineSeparator());
        }
        return text.toString();
    }
}
