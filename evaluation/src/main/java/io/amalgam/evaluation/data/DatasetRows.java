package io.amalgam.evaluation.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.InputFile;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqStruct;
import dev.hardwood.row.StructAccessor;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the rows of a data set's file, in whichever of the Hub's usual forms it is: Parquet, JSON lines, JSON, CSV. */
final class DatasetRows {
    private static final ObjectMapper JSON = new ObjectMapper();

    private DatasetRows() {
    }

    /** Whether files of this name can be read. */
    static boolean isReadable(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".parquet") || lower.endsWith(".jsonl") || lower.endsWith(".json")
                || lower.endsWith(".csv");
    }

    /**
     * Reads a file.
     *
     * @param name its name, whose ending says its form
     * @throws AmalgamException with {@code BENCHMARK_DATA} if it is not of that form
     */
    static List<ObjectNode> read(String name, byte[] content) {
        String lower = name.toLowerCase(Locale.ROOT);
        try {
            if (lower.endsWith(".parquet")) {
                return parquet(content);
            }
            String text = new String(content, StandardCharsets.UTF_8);
            return lower.endsWith(".csv") ? CsvReader.read(text) : json(text);
        } catch (IOException | RuntimeException e) {
            throw new AmalgamException(
                    ErrorCode.BENCHMARK_DATA, "The data set's file " + name + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static List<ObjectNode> json(String text) throws JsonProcessingException {
        List<ObjectNode> rows = new ArrayList<>();
        if (text.stripLeading().startsWith("[")) {
            for (JsonNode row : JSON.readTree(text)) {
                rows.add((ObjectNode) row);
            }
            return rows;
        }
        for (String line : text.split("\n")) {
            if (!line.isBlank()) {
                rows.add((ObjectNode) JSON.readTree(line));
            }
        }
        return rows;
    }

    private static List<ObjectNode> parquet(byte[] content) throws IOException {
        List<ObjectNode> rows = new ArrayList<>();
        try (ParquetFileReader file = ParquetFileReader.open(InputFile.of(ByteBuffer.wrap(content)));
                RowReader reader = file.rowReader()) {
            while (reader.hasNext()) {
                reader.next();
                rows.add(object(reader));
            }
        }
        return rows;
    }

    private static ObjectNode object(StructAccessor row) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (int field = 0; field < row.getFieldCount(); field++) {
            object.set(row.getFieldName(field), row.isNull(field) ? null : value(row.getValue(field)));
        }
        return object;
    }

    private static JsonNode value(Object value) {
        return switch (value) {
            case null -> JsonNodeFactory.instance.nullNode();
            case String text -> JsonNodeFactory.instance.textNode(text);
            case byte[] bytes -> JsonNodeFactory.instance.textNode(new String(bytes, StandardCharsets.UTF_8));
            case Integer number -> JsonNodeFactory.instance.numberNode(number);
            case Long number -> JsonNodeFactory.instance.numberNode(number);
            case Float number -> JsonNodeFactory.instance.numberNode(number);
            case Double number -> JsonNodeFactory.instance.numberNode(number);
            case Boolean flag -> JsonNodeFactory.instance.booleanNode(flag);
            case PqStruct struct -> object(struct);
            case PqList list -> {
                ArrayNode array = JsonNodeFactory.instance.arrayNode();
                for (Object element : list.values()) {
                    array.add(value(element));
                }
                yield array;
            }
            default -> throw new IllegalArgumentException("a column of the unknown type " + value.getClass());
        };
    }
}
