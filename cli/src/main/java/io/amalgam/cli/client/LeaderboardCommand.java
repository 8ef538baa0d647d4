package io.amalgam.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints the leaderboard. */
@Command(name = "leaderboard", description = "Print every model's scores, the best first.")
public final class LeaderboardCommand implements Callable<Integer> {

    @Option(names = "--tasks", paramLabel = "TASK", split = ",", description = "Only these tasks.")
    private List<String> tasks = List.of();

    @Option(names = "--artifact", paramLabel = "ARTIFACT", description = "Only this artifact, its parents and its base.")
    private String artifact;

    @Mixin
    private ServerOptions options;

    @Override
    public Integer call() {
        String query = "?tasks=" + Server.encode(String.join(",", tasks))
                + (artifact == null ? "" : "&artifact=" + Server.encode(artifact));
        JsonNode board = options.server().get("api/leaderboard" + query);
        options.print(board, () -> text(board));
        return 0;
    }

    /** The leaderboard as text. */
    static String text(JsonNode board) {
        List<List<String>> rows = new ArrayList<>();
        List<String> heading = new ArrayList<>(List.of("#", "MODEL", "ROLE", "AVERAGE", "± SE", "N", "VS BEST PARENT"));
        List<String> chance = new ArrayList<>(List.of("", "chance", "", "", "", "", ""));
        double chances = 0;
        List<String> averaged = new ArrayList<>();
        board.path("averagedTasks").forEach(task -> averaged.add(task.asText()));
        for (JsonNode task : board.path("tasks")) {
            heading.add(task.path("name").asText());
            chance.add(Display.score(task.path("chance").asDouble()));
            chances += averaged.contains(task.path("name").asText()) ? task.path("chance").asDouble() : 0;
        }
        if (!averaged.isEmpty()) {
            chance.set(3, Display.score(chances / averaged.size()));
        }
        rows.add(heading);
        int place = 0;
        for (JsonNode row : board.path("rows")) {
            place++;
            JsonNode average = row.path("average");
            JsonNode difference = row.path("bestParent");
            List<String> cells = new ArrayList<>(List.of(Integer.toString(place), row.path("name").asText(),
                    row.path("role").asText().toLowerCase(Locale.ROOT),
                    average.isMissingNode() ? "" : Display.score(average.path("value").asDouble()),
                    average.isMissingNode() ? "" : Display.score(average.path("standardError").asDouble()),
                    average.isMissingNode() ? "" : average.path("questions").asText(),
                    difference.isMissingNode() ? "" : Display.difference(difference.path("value").asDouble()) + " ± "
                            + Display.score(difference.path("standardError").asDouble()) + " ("
                            + difference.path("parent").asText() + ")"));
            for (JsonNode task : board.path("tasks")) {
                JsonNode cell = row.path("cells").path(task.path("name").asText());
                cells.add(cell.isMissingNode() ? "" : Display.score(cell.path("value").asDouble()) + " ± "
                        + Display.score(cell.path("standardError").asDouble()));
            }
            rows.add(cells);
        }
        rows.add(chance);
        return Display.table(rows);
    }
}
