package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints recipe-service's leaderboard as a table of fixed width. */
final class LeaderboardPrinter {
    private static final int NUMBER_WIDTH = 11;

    private final Console console;

    LeaderboardPrinter(Console console) {
        this.console = console;
    }

    /**
     * Prints every model with scores, the best on average first: value ± standard error.
     *
     * @param leaderboard as {@code GET /api/leaderboard} answers it
     */
    void print(JsonNode leaderboard) {
        List<JsonNode> tasks = new ArrayList<>();
        leaderboard.path("tasks").forEach(tasks::add);
        int nameWidth = "model".length();
        for (JsonNode row : leaderboard.path("rows")) {
            nameWidth = Math.max(nameWidth, label(row).length());
        }
        int[] widths = new int[tasks.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = Math.max(NUMBER_WIDTH, tasks.get(i).path("name").asText().length());
        }

        StringBuilder header = new StringBuilder(pad("model", nameWidth)).append("  ").append(pad("average", NUMBER_WIDTH));
        StringBuilder metric = new StringBuilder(pad("metric", nameWidth)).append("  ").append(pad("", NUMBER_WIDTH));
        StringBuilder chance = new StringBuilder(pad("chance", nameWidth)).append("  ").append(pad("", NUMBER_WIDTH));
        StringBuilder questions = new StringBuilder(pad("questions", nameWidth)).append("  ").append(pad("", NUMBER_WIDTH));
        for (int i = 0; i < widths.length; i++) {
            JsonNode task = tasks.get(i);
            header.append("  ").append(pad(task.path("name").asText(), widths[i]));
            metric.append("  ").append(pad(task.path("metric").asText(), widths[i]));
            chance.append("  ").append(pad(number(task.path("chance").asDouble()), widths[i]));
            questions.append("  ").append(pad(questions(leaderboard, task.path("name").asText()), widths[i]));
        }
        console.line(header + "  difference to the best parent (95 %)");
        console.line(metric.toString().stripTrailing());
        console.line("─".repeat(header.length() + 38));
        for (JsonNode row : leaderboard.path("rows")) {
            console.line(row(row, tasks, nameWidth, widths));
        }
        console.line("─".repeat(header.length() + 38));
        console.line(chance.toString().stripTrailing());
        console.line(questions.toString().stripTrailing());
    }

    private static String row(JsonNode row, List<JsonNode> tasks, int nameWidth, int[] widths) {
        StringBuilder line = new StringBuilder(pad(label(row), nameWidth)).append("  ")
                .append(pad(valueWithError(row.path("average")), NUMBER_WIDTH));
        for (int i = 0; i < widths.length; i++) {
            JsonNode cell = row.path("cells").path(tasks.get(i).path("name").asText());
            line.append("  ").append(pad(valueWithError(cell), widths[i]));
        }
        JsonNode difference = row.path("bestParent");
        if (difference.has("value")) {
            line.append(String.format(Locale.ROOT, "  %+.3f [%+.3f, %+.3f] %s", difference.path("value").asDouble(),
                    difference.path("low").asDouble(), difference.path("high").asDouble(),
                    shortName(difference.path("parent").asText())));
        }
        return line.toString().stripTrailing();
    }

    /** How many questions the models answered: one number where they all answered the same ones. */
    private static String questions(JsonNode leaderboard, String task) {
        long least = Long.MAX_VALUE;
        long most = 0;
        for (JsonNode row : leaderboard.path("rows")) {
            JsonNode cell = row.path("cells").path(task);
            if (cell.has("questions")) {
                least = Math.min(least, cell.path("questions").asLong());
                most = Math.max(most, cell.path("questions").asLong());
            }
        }
        return most == 0 ? "" : least == most ? Long.toString(most) : least + "–" + most;
    }

    private static String label(JsonNode row) {
        String role = switch (row.path("role").asText()) {
            case "ARTIFACT" -> "merged ";
            case "PARENT" -> "parent ";
            case "BASE" -> "base   ";
            default -> "       ";
        };
        return role + shortName(row.path("name").asText());
    }

    /** The last part of a path: what tells models of one folder apart. */
    private static String shortName(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private static String valueWithError(JsonNode cell) {
        return cell.has("value")
                ? number(cell.path("value").asDouble()) + " ±" + number(cell.path("standardError").asDouble()).substring(1)
                : "–";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
