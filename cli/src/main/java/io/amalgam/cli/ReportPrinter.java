package io.amalgam.cli;

import io.amalgam.engine.report.MergeReport;
import io.amalgam.engine.report.MergeReport.Compared;
import io.amalgam.engine.report.MergeReport.Pair;
import io.amalgam.engine.report.MergeReport.Row;
import io.amalgam.engine.report.MergeReport.Vector;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints a merge report as a table. */
final class ReportPrinter {
    /** The most pairs that get a column each; of more, the mean and the lowest cosine are printed. */
    private static final int COLUMNS_OF_PAIRS = 3;

    private final MergeReport report;
    private final List<Integer> inputs;
    private final List<Pair> pairs;

    private ReportPrinter(MergeReport report) {
        this.report = report;
        inputs = report.total().vectors().stream().map(Vector::input).toList();
        pairs = report.total().pairs();
    }

    static void print(PrintWriter out, MergeReport report) {
        new ReportPrinter(report).print(out);
    }

    private void print(PrintWriter out) {
        boolean taskVectors = report.total().compared() == Compared.TASK_VECTORS;
        out.println(
                taskVectors
                        ? "Task vectors (differences from the base model) by layer and module. length: of the task vector, in"
                                + " % of the base model's weights;"
                        : "Weights by layer and module (without a base model there are no task vectors). length: of the"
                                + " weights;");
        out.println("cosine: of the angle between two models; conflict: where models differ in sign, in % of the positions"
                + " that several of them change.");
        for (int input : inputs) {
            out.printf("  %d  %s%n", input + 1, report.inputs().get(input));
        }
        out.println();
        List<String> header = new ArrayList<>(List.of("layer", "module"));
        inputs.forEach(input -> header.add("length " + (input + 1)));
        if (pairs.size() <= COLUMNS_OF_PAIRS) {
            pairs.forEach(pair -> header.add("cosine " + name(pair)));
        } else {
            header.add("mean cosine");
            header.add("lowest cosine");
        }
        if (!pairs.isEmpty()) {
            header.add("conflict");
        }
        List<String[]> rows = new ArrayList<>();
        report.rows().forEach(row -> rows.add(cells(row, place(row), row.module())));
        rows.add(cells(report.total(), "all", ""));
        Table.print(out, header.toArray(String[]::new), rows);
    }

    private static String name(Pair pair) {
        return pair.left() + 1 + "·" + (pair.right() + 1);
    }

    private static String place(Row row) {
        return row.layer() == null ? "" : row.stack() + "." + row.layer();
    }

    private String[] cells(Row row, String place, String module) {
        List<String> cells = new ArrayList<>(List.of(place, module));
        for (int input : inputs) {
            cells.add(row.vectors().stream()
                    .filter(vector -> vector.input() == input)
                    .findFirst()
                    .map(vector -> length(row, vector))
                    .orElse(""));
        }
        if (pairs.size() <= COLUMNS_OF_PAIRS) {
            for (Pair pair : pairs) {
                cells.add(row.pairs().stream()
                        .filter(each -> each.left() == pair.left() && each.right() == pair.right())
                        .findFirst()
                        .map(each -> cosine(each.cosine()))
                        .orElse(""));
            }
        } else {
            meanAndLowest(row, cells);
        }
        if (!pairs.isEmpty()) {
            cells.add(row.pairs().isEmpty() ? "" : percent(row.conflict()));
        }
        return cells.toArray(String[]::new);
    }

    private static void meanAndLowest(Row row, List<String> cells) {
        double sum = 0;
        int count = 0;
        Pair lowest = null;
        for (Pair pair : row.pairs()) {
            if (pair.cosine() != null) {
                sum += pair.cosine();
                count++;
                lowest = lowest == null || pair.cosine() < lowest.cosine() ? pair : lowest;
            }
        }
        cells.add(count == 0 ? "" : cosine(sum / count));
        cells.add(lowest == null ? "" : cosine(lowest.cosine()) + " (" + name(lowest) + ")");
    }

    /** A length beside the base model's; alone where there is none; in words where a weight is NaN or infinite. */
    private static String length(Row row, Vector vector) {
        if (vector.norm() == null) {
            return "not finite";
        }
        if (vector.relative() != null) {
            return percent(vector.relative());
        }
        return row.compared() == Compared.TASK_VECTORS && vector.norm() == 0
                ? percent(0)
                : String.format(Locale.ROOT, "%.4g", vector.norm());
    }

    private static String cosine(Double cosine) {
        return cosine == null ? "" : String.format(Locale.ROOT, "%.3f", cosine);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f%%", 100 * share);
    }
}
