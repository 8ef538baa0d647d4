package io.amalgam.evaluation.data;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Reads comma-separated values as RFC 4180 has them: quoted fields may hold commas, doubled quotes and line ends. */
public final class CsvReader {
    private final String text;
    private int position;

    private CsvReader(String text) {
        this.text = text;
    }

    /**
     * Reads a table whose first line names the columns.
     *
     * @return the rows, each with a text a column; an empty field without quotes is null
     * @throws IllegalArgumentException if a row has more or fewer fields than there are columns, or a quote is not
     *     closed
     */
    public static List<ObjectNode> read(String text) {
        CsvReader reader = new CsvReader(text.startsWith("\uFEFF") ? text.substring(1) : text);
        List<String> columns = reader.record();
        List<ObjectNode> rows = new ArrayList<>();
        while (reader.position < reader.text.length()) {
            List<String> fields = reader.record();
            if (fields.size() == 1 && fields.getFirst() == null) {
                continue;
            }
            if (fields.size() != columns.size()) {
                throw new IllegalArgumentException(
                        "row " + rows.size() + " has " + fields.size() + " fields, not " + columns.size());
            }
            ObjectNode row = JsonNodeFactory.instance.objectNode();
            for (int column = 0; column < fields.size(); column++) {
                row.put(columns.get(column), fields.get(column));
            }
            rows.add(row);
        }
        return rows;
    }

    private List<String> record() {
        List<String> fields = new ArrayList<>();
        while (true) {
            fields.add(position < text.length() && text.charAt(position) == '"' ? quoted() : bare());
            if (position >= text.length()) {
                return fields;
            }
            char separator = text.charAt(position++);
            if (separator == '\r' && position < text.length() && text.charAt(position) == '\n') {
                position++;
                return fields;
            }
            if (separator == '\n' || separator == '\r') {
                return fields;
            }
            if (separator != ',') {
                throw new IllegalArgumentException(
                        "character " + (position - 1) + " is \"" + separator + "\" where a field should end");
            }
        }
    }

    private String quoted() {
        StringBuilder field = new StringBuilder();
        position++;
        while (true) {
            int quote = text.indexOf('"', position);
            if (quote < 0) {
                throw new IllegalArgumentException("a quoted field does not end");
            }
            field.append(text, position, quote);
            position = quote + 1;
            if (position >= text.length() || text.charAt(position) != '"') {
                return field.toString();
            }
            field.append('"');
            position++;
        }
    }

    private String bare() {
        int start = position;
        while (position < text.length() && ",\r\n".indexOf(text.charAt(position)) < 0) {
            position++;
        }
        return start == position ? null : text.substring(start, position);
    }
}
