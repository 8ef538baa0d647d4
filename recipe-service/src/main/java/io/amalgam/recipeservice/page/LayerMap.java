package io.amalgam.recipeservice.page;

import io.amalgam.engine.report.MergeReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A heat map of one measure: layers across, modules down. Colours are relative to the greatest value of the map for
 * lengths, and absolute for cosines and conflicts, which have a scale of their own.
 *
 * @param choices the measures that can be shown
 * @param shown the one that is
 * @param layers indices of the columns, for each stack of layers
 * @param outside rows of what lies outside layers
 * @param total of the whole merge, or null
 */
public record LayerMap(
        List<Choice> choices, Choice shown, List<Stack> layers, List<Cell> outside, Cell total) {

    private static final int SHADES = 9;

    /** A measure: its name in addresses, its name for people, and what it tells. */
    public record Choice(String key, String name, String explanation) {
    }

    /** A stack of layers. */
    public record Stack(String name, List<Integer> columns, List<Line> lines) {
    }

    /** A module's values, a cell a column. */
    public record Line(String module, List<Cell> cells) {
    }

    /** A value: its text, and its shade from 0 (nothing) to 9; a name where it is no part of a grid. */
    public record Cell(String name, String text, String shade) {
    }

    /**
     * Draws.
     *
     * @param report what is known
     * @param wanted key of a measure; the first if it is unknown
     */
    static LayerMap of(MergeReport report, String wanted) {
        List<Choice> choices = choices(report);
        Choice shown = choices.stream().filter(choice -> choice.key().equals(wanted)).findFirst()
                .orElse(choices.getFirst());
        Function<MergeReport.Row, Double> measure = measure(shown.key());
        boolean relative = shown.key().startsWith("length");
        double most = relative
                ? report.rows().stream().map(measure).filter(value -> value != null).mapToDouble(value -> value).max().orElse(1)
                : 1;
        Map<String, List<MergeReport.Row>> stacks = new TreeMap<>();
        List<Cell> outside = new ArrayList<>();
        for (MergeReport.Row row : report.rows()) {
            if (row.layer() == null) {
                outside.add(cell(row.module(), measure.apply(row), most, shown.key()));
            } else {
                stacks.computeIfAbsent(row.stack(), stack -> new ArrayList<>()).add(row);
            }
        }
        List<Stack> layers = new ArrayList<>();
        stacks.forEach((name, rows) -> layers.add(stack(name, rows, measure, most, shown.key())));
        Cell total = report.total() == null ? null : cell("all", measure.apply(report.total()), most, shown.key());
        return new LayerMap(choices, shown, layers, outside, total);
    }

    private static Stack stack(
            String name, List<MergeReport.Row> rows, Function<MergeReport.Row, Double> measure, double most, String key) {
        TreeSet<Integer> columns = new TreeSet<>();
        Map<String, Map<Integer, MergeReport.Row>> modules = new TreeMap<>();
        for (MergeReport.Row row : rows) {
            columns.add(row.layer());
            modules.computeIfAbsent(row.module(), module -> new TreeMap<>()).putIfAbsent(row.layer(), row);
        }
        List<Line> lines = new ArrayList<>();
        modules.forEach((module, byLayer) -> lines.add(new Line(module, columns.stream()
                .map(column -> {
                    MergeReport.Row row = byLayer.get(column);
                    return cell(module, row == null ? null : measure.apply(row), most, key);
                })
                .toList())));
        return new Stack(name, List.copyOf(columns), lines);
    }

    private static List<Choice> choices(MergeReport report) {
        List<Choice> choices = new ArrayList<>();
        choices.add(new Choice("conflict", "Conflicts of sign",
                "The share of positions at which models pull in opposite directions. Many say that plain averaging cancels "
                        + "what they learnt; methods that elect signs (TIES) are made for it."));
        List<String> inputs = report.inputs();
        for (MergeReport.Vector vector : report.total().vectors()) {
            choices.add(new Choice("length-" + vector.input(), "Length: " + inputs.get(vector.input()),
                    "How far the model has moved from its base there, relative to the base's own length: where it learnt."));
        }
        for (MergeReport.Pair pair : report.total().pairs()) {
            choices.add(new Choice("cosine-" + pair.left() + "-" + pair.right(),
                    "Angle: " + inputs.get(pair.left()) + " and " + inputs.get(pair.right()),
                    "The cosine of the angle between two task vectors. Near 0 they hardly disturb each other; near 1 they "
                            + "say the same; below 0 they contradict."));
        }
        return choices;
    }

    private static Function<MergeReport.Row, Double> measure(String key) {
        String[] parts = key.split("-");
        return switch (parts[0]) {
            case "length" -> row -> row.vectors().stream()
                    .filter(vector -> vector.input() == Integer.parseInt(parts[1]))
                    .findFirst()
                    .map(vector -> vector.relative() == null ? vector.norm() : vector.relative())
                    .orElse(null);
            case "cosine" -> row -> row.pairs().stream()
                    .filter(pair -> pair.left() == Integer.parseInt(parts[1]) && pair.right() == Integer.parseInt(parts[2]))
                    .findFirst()
                    .map(MergeReport.Pair::cosine)
                    .orElse(null);
            default -> MergeReport.Row::conflict;
        };
    }

    private static Cell cell(String name, Double value, double most, String key) {
        if (value == null) {
            return new Cell(name, "", "none");
        }
        int shade = (int) Math.round(Math.clamp(Math.abs(value) / (most == 0 ? 1 : most), 0, 1) * SHADES);
        String sign = key.startsWith("cosine") && value < 0 ? "negative-" : "";
        return new Cell(name, String.format(Locale.ROOT, value < 0.1 && key.startsWith("length") ? "%.3f" : "%.2f", value),
                sign + shade);
    }
}
