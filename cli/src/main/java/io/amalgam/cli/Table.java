package io.amalgam.cli;

import java.io.PrintWriter;
import java.util.List;

/** Prints rows in columns as wide as their widest cell. */
final class Table {

    private Table() {
    }

    static void print(PrintWriter out, String[] header, List<String[]> rows) {
        int[] widths = new int[header.length];
        measure(header, widths);
        rows.forEach(row -> measure(row, widths));
        row(out, header, widths);
        rows.forEach(row -> row(out, row, widths));
    }

    private static void measure(String[] row, int[] widths) {
        for (int column = 0; column < row.length; column++) {
            widths[column] = Math.max(widths[column], row[column].length());
        }
    }

    private static void row(PrintWriter out, String[] row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < row.length; column++) {
            line.append(row[column]).append(" ".repeat(widths[column] - row[column].length() + 2));
        }
        out.println(line.toString().stripTrailing());
    }
}
