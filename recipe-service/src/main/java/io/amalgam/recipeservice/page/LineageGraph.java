package io.amalgam.recipeservice.page;

import io.amalgam.recipeservice.view.Leaderboard;
import io.amalgam.recipeservice.view.Lineage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A lineage as a picture: models that were not made here on the left, and each artifact right of everything it was made
 * of, behind a mark for its recipe. Within a column nodes are near what they hang on (the barycentre heuristic of
 * Sugiyama, Tagawa and Toda, 1981).
 *
 * @param width of the picture, in its own units
 * @param height of the picture
 * @param boxes models
 * @param recipes marks in front of artifacts
 * @param lines from models to recipes, and from recipes to artifacts
 */
public record LineageGraph(int width, int height, List<Box> boxes, List<Recipe> recipes, List<Line> lines) {

    private static final int BOX_WIDTH = 210;
    private static final int BOX_HEIGHT = 52;
    private static final int ROW = 72;
    private static final int COLUMN = 390;
    private static final int MARGIN = 16;
    private static final int RECIPE_GAP = 24;
    private static final int SWEEPS = 4;
    private static final int LONGEST_LABEL = 27;

    /**
     * A model.
     *
     * @param node what it is
     * @param x of its left edge
     * @param y of its upper edge
     * @param label its name, cut so that it fits
     * @param score its average, or null
     * @param share of the score's bar that is full, from 0 to 1
     * @param current whether it is the one that the picture is about
     */
    public record Box(Lineage.Node node, int x, int y, String label, String score, double share, boolean current) {

        /** Width of all boxes. */
        public int width() {
            return BOX_WIDTH;
        }

        /** Height of all boxes. */
        public int height() {
            return BOX_HEIGHT;
        }

        /** Width of the score's bar. */
        public int barWidth() {
            return (int) Math.round((BOX_WIDTH - 24) * share);
        }
    }

    /** A recipe: the method's name on the way into an artifact; {@code x} is its right edge, {@code y} its middle. */
    public record Recipe(String method, String artifact, int x, int y) {

        /** Width of the mark. */
        public int width() {
            return LineageGraph.width(method);
        }

        /** Its left edge. */
        public int left() {
            return x - width();
        }

        /** Its middle. */
        public int middle() {
            return x - width() / 2;
        }
    }

    /** A line, as the {@code d} of an SVG path. */
    public record Line(String path, boolean base) {
    }

    /**
     * Draws.
     *
     * @param lineage what hangs together
     * @param board where scores are taken from
     */
    public static LineageGraph of(Lineage lineage, Leaderboard board) {
        Map<String, List<Lineage.Edge>> made = new LinkedHashMap<>();
        lineage.edges().forEach(edge -> made.computeIfAbsent(edge.to(), to -> new ArrayList<>()).add(edge));
        Map<String, Integer> columns = new HashMap<>();
        lineage.models().forEach(node -> column(node.id(), made, columns, 0));
        List<List<Lineage.Node>> grid = new ArrayList<>();
        for (Lineage.Node node : lineage.models()) {
            int column = columns.get(node.id());
            while (grid.size() <= column) {
                grid.add(new ArrayList<>());
            }
            grid.get(column).add(node);
        }
        order(grid, lineage.edges());
        return draw(lineage, board, grid, made);
    }

    /** One more than the furthest of what a model was made of; the limit stops a circle that no honest log has. */
    private static int column(
            String id, Map<String, List<Lineage.Edge>> made, Map<String, Integer> columns, int depth) {
        Integer known = columns.get(id);
        if (known != null) {
            return known;
        }
        int column = 0;
        if (depth < made.size() + 1) {
            for (Lineage.Edge edge : made.getOrDefault(id, List.of())) {
                column = Math.max(column, 1 + column(edge.from(), made, columns, depth + 1));
            }
        }
        columns.put(id, column);
        return column;
    }

    private static void order(List<List<Lineage.Node>> grid, List<Lineage.Edge> edges) {
        for (int sweep = 0; sweep < SWEEPS; sweep++) {
            Map<String, Double> places = new HashMap<>();
            for (List<Lineage.Node> column : grid) {
                for (int row = 0; row < column.size(); row++) {
                    places.put(column.get(row).id(), row - column.size() / 2.0);
                }
            }
            Map<String, double[]> pulls = new HashMap<>();
            for (Lineage.Edge edge : edges) {
                pull(pulls, edge.from(), places.get(edge.to()));
                pull(pulls, edge.to(), places.get(edge.from()));
            }
            for (List<Lineage.Node> column : grid) {
                column.sort(Comparator.comparingDouble(node -> {
                    double[] pull = pulls.get(node.id());
                    return pull == null ? 0 : pull[0] / pull[1];
                }));
            }
        }
    }

    private static void pull(Map<String, double[]> pulls, String id, Double towards) {
        if (towards != null) {
            double[] sum = pulls.computeIfAbsent(id, key -> new double[2]);
            sum[0] += towards;
            sum[1]++;
        }
    }

    private static LineageGraph draw(
            Lineage lineage, Leaderboard board, List<List<Lineage.Node>> grid,
            Map<String, List<Lineage.Edge>> made) {
        Map<String, Double> scores = new HashMap<>();
        for (Leaderboard.Row row : board.rows()) {
            if (row.average() != null) {
                scores.put(row.artifact() == null ? row.identity() : row.artifact(), row.average().value());
            }
        }
        int tallest = grid.stream().mapToInt(List::size).max().orElse(0);
        int height = Math.max(1, tallest) * ROW - (ROW - BOX_HEIGHT) + 2 * MARGIN + (grid.size() > 2 ? ROW : 0);
        Map<String, Box> boxes = new LinkedHashMap<>();
        for (int column = 0; column < grid.size(); column++) {
            List<Lineage.Node> nodes = grid.get(column);
            // Columns of artifacts lie a little higher and lower in turn: lines that pass them do not run behind them.
            int shift = column == 0 || grid.size() <= 2 ? 0 : column % 2 == 0 ? ROW / 2 : -ROW / 2;
            int top = (height - (nodes.size() * ROW - (ROW - BOX_HEIGHT))) / 2 + shift;
            for (int row = 0; row < nodes.size(); row++) {
                Lineage.Node node = nodes.get(row);
                Double score = scores.get(node.id());
                boxes.put(node.id(), new Box(node, MARGIN + column * COLUMN, top + row * ROW, cut(node.name()),
                        score == null ? null : Format.score(score), score == null ? 0 : Math.clamp(score, 0, 1),
                        node.id().equals(lineage.artifact())));
            }
        }
        List<Recipe> recipes = new ArrayList<>();
        List<Line> lines = new ArrayList<>();
        made.forEach((artifact, edges) -> {
            Box target = boxes.get(artifact);
            if (target == null) {
                return;
            }
            int y = target.y() + BOX_HEIGHT / 2;
            String method = target.node().method() == null ? "" : target.node().method();
            Recipe recipe = new Recipe(method, artifact, target.x() - RECIPE_GAP, y);
            recipes.add(recipe);
            lines.add(new Line("M" + recipe.x() + " " + y + "H" + target.x(), false));
            for (Lineage.Edge edge : edges) {
                Box source = boxes.get(edge.from());
                if (source != null) {
                    int from = source.x() + BOX_WIDTH;
                    int level = source.y() + BOX_HEIGHT / 2;
                    int end = recipe.x() - width(method);
                    int middle = (from + end) / 2;
                    lines.add(new Line(String.format(Locale.ROOT, "M%d %dC%d %d %d %d %d %d", from, level, middle,
                            level, middle, y, end, y), edge.role().equals("BASE")));
                }
            }
        });
        int width = Math.max(1, grid.size()) * COLUMN - (COLUMN - BOX_WIDTH) + 2 * MARGIN;
        return new LineageGraph(width, height, List.copyOf(boxes.values()), recipes, lines);
    }

    /** About the width of a recipe's mark: its letters and some room on both sides. */
    static int width(String method) {
        return method.length() * 7 + 18;
    }

    private static String cut(String name) {
        return name.length() <= LONGEST_LABEL ? name : name.substring(0, LONGEST_LABEL - 1) + "…";
    }
}
