package io.amalgam.engine.json;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Map;

/**
 * JSON as Python's {@code json.dumps(indent=2, ensure_ascii=False)} lays it out, which is also how the tokenizers and
 * transformers libraries write a model's files: two spaces, numbers as Python prints them, keys in the tree's order.
 */
public final class IndentedJson {

    private IndentedJson() {
    }

    /** The document in UTF-8, with a line feed at its end if asked for. */
    public static byte[] bytes(JsonNode node, boolean finalLineFeed) {
        return text(node, finalLineFeed).getBytes(StandardCharsets.UTF_8);
    }

    /** The document as text. */
    public static String text(JsonNode node, boolean finalLineFeed) {
        StringBuilder out = new StringBuilder();
        append(out, node, 0);
        if (finalLineFeed) {
            out.append('\n');
        }
        return out.toString();
    }

    private static void append(StringBuilder out, JsonNode node, int depth) {
        switch (node.getNodeType()) {
            case OBJECT -> appendObject(out, node, depth);
            case ARRAY -> appendArray(out, node, depth);
            case STRING -> appendString(out, node.textValue());
            case NUMBER -> out.append(node.isIntegralNumber() ? node.asText() : decimal(node));
            case BOOLEAN, NULL -> out.append(node.asText());
            case BINARY, MISSING, POJO -> throw new IllegalArgumentException("A " + node.getNodeType() + " node is not JSON.");
        }
    }

    private static void appendObject(StringBuilder out, JsonNode node, int depth) {
        if (node.isEmpty()) {
            out.append("{}");
            return;
        }
        out.append('{');
        for (Iterator<Map.Entry<String, JsonNode>> entries = node.properties().iterator(); entries.hasNext();) {
            Map.Entry<String, JsonNode> entry = entries.next();
            newLine(out, depth + 1);
            appendString(out, entry.getKey());
            out.append(": ");
            append(out, entry.getValue(), depth + 1);
            out.append(entries.hasNext() ? "," : "");
        }
        newLine(out, depth);
        out.append('}');
    }

    private static void appendArray(StringBuilder out, JsonNode node, int depth) {
        if (node.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        for (Iterator<JsonNode> elements = node.iterator(); elements.hasNext();) {
            newLine(out, depth + 1);
            append(out, elements.next(), depth + 1);
            out.append(elements.hasNext() ? "," : "");
        }
        newLine(out, depth);
        out.append(']');
    }

    private static void newLine(StringBuilder out, int depth) {
        out.append('\n').repeat("  ", depth);
    }

    /** Appends a JSON string: only what JSON demands is escaped. */
    public static void appendString(StringBuilder out, String value) {
        out.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < 0x20) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** A floating-point number as Python prints it: the fewest digits that read back, an exponent below 1e-4 and from 1e16. */
    private static String decimal(JsonNode node) {
        double value = node.doubleValue();
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') < 0 ? plain + ".0" : plain;
        }
        String digits = shortest.unscaledValue().abs().toString();
        return (value < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "") + "e"
                + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }
}
