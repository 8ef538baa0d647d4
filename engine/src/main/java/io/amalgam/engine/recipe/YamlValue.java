package io.amalgam.engine.recipe;

import java.util.List;
import java.util.Map;

/** A YAML document as a tree with positions; aliases and merge keys are resolved. */
sealed interface YamlValue {

    /** Where the value begins. */
    Position position();

    /** What kind of value it is, for messages. */
    String kind();

    /**
     * A scalar.
     *
     * @param value Boolean, Long, Double, String, or null
     * @param text as it was written
     */
    record Scalar(Object value, String text, Position position) implements YamlValue {
        @Override
        public String kind() {
            return value == null ? "nothing" : value instanceof String ? "a string" : value instanceof Boolean
                    ? "a boolean"
                    : "a number";
        }
    }

    /** A sequence. */
    record Items(List<YamlValue> values, Position position) implements YamlValue {
        @Override
        public String kind() {
            return "a list";
        }
    }

    /**
     * A mapping, in the order of the text.
     *
     * @param entries by key
     * @param keyPositions where each key stands
     */
    record Mapping(Map<String, YamlValue> entries, Map<String, Position> keyPositions, Position position)
            implements YamlValue {
        @Override
        public String kind() {
            return "a mapping";
        }

        /** The value of a key, or null if it is absent or its value is null. */
        YamlValue get(String key) {
            YamlValue value = entries.get(key);
            return value instanceof Scalar scalar && scalar.value() == null ? null : value;
        }
    }
}
