package io.amalgam.stack;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Prints recipe-service's leaderboard as a table of fixed width. */
final class LeaderboardPrinter {
    private static final int NUMBER_WIDTH = 9;

    private final Console console;

    LeaderboardPrinter(Console console) {
        this.console = console;
    }

    /**
     * Prints every model with scores, the best on average first, as value ± standard error; then how merged models
     * compare with their best parents.
     *
     * @param leaderboard as {@code GET /api/leaderboard} answers it
     */
    void print(JsonNode leaderboard) {
        List<JsonNode> tasks = new ArrayList<>();
        leaderboard.path("tasks").forEach(tasks::add);
        List<List<String>> rows = new ArrayList<>();
        rows.add(row("", "", tasks, task -> firstPart(name(task))));
        rows.add(row("model", "average", tasks, task -> secondPart(name(task))));
        rows.add(List.of());
        for (JsonNode model : leaderboard.path("rows")) {
            rows.add(row(label(model), valueWithError(model.path("average")), tasks,
                    task -> valueWithError(model.path("cells").path(name(task)))));
        }
        rows.add(List.of());
        rows.add(row("chance", "", tasks, task -> number(task.path("chance").asDouble())));
        rows.add(row("questions", "", tasks, task -> questions(leaderboard, name(task))));
        rows.add(row("metric", "", tasks, task -> task.path("metric").asText()));
        printAligned(rows);
        console.line("");
        console.line("Difference to the best parent, on the same questions, averaged over tasks (95 % interval):");
        for (JsonNode model : leaderboard.path("rows")) {
            JsonNode difference = model.path("bestParent");
            if (difference.has("value")) {
                console.line("  " + shortName(model.path("name").asText()) + "  "
                        + signed(difference.path("value").asDouble()) + " [" + signed(difference.path("low").asDouble())
                        + ", " + signed(difference.path("high").asDouble()) + "] to "
                        + shortName(difference.path("parent").asText()));
            }
        }
    }

    private static List<String> row(String first, String second, List<JsonNode> tasks, Function<JsonNode, String> cell) {
        List<String> cells = new ArrayList<>(List.of(first, second));
        tasks.forEach(task -> cells.add(cell.apply(task)));
        return cells;
    }

    /** An empty row is a rule. */
    private void printAligned(List<List<String>> rows) {
        int[] widths = new int[rows.getFirst().size()];
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(i == 0 ? 0 : NUMBER_WIDTH, Math.max(widths[i], row.get(i).length()));
            }
        }
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                String cell = row.isEmpty() ? "─".repeat(widths[i]) : row.get(i);
                line.append(i == 0 ? "" : row.isEmpty() ? "──" : "  ").append(cell)
                        .append(" ".repeat(widths[i] - cell.length()));
            }
            console.line(line.toString().stripTrailing());
        }
    }

    private static String name(JsonNode task) {
        return task.path("name").asText();
    }

    /** Long names take two lines of the header. */
    private static String firstPart(String name) {
        int cut = name.indexOf('_');
        return cut < 0 ? "" : name.substring(0, cut + 1);
    }

    private static String secondPart(String name) {
        return name.substring(firstPart(name).length());
    }

    /** How many questions the models answered: one number where they all answered as many. */
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
                ? number(cell.path("value").asDouble()) + "±" + number(cell.path("standardError").asDouble()).substring(1)
                : "–";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private static String signed(double value) {
        return String.format(Locale.ROOT, "%+.3f", value);
    }
}
