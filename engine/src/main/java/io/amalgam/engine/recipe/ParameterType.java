package io.amalgam.engine.recipe;

import java.util.Locale;
import java.util.Set;

/**
 * Types of parameters, and what each accepts: what pydantic accepts in its lax mode, since YAML 1.1 makes a string of
 * {@code 1e-4} and a boolean of {@code on}.
 */
public enum ParameterType {
    /** A real number; a Double. Whole numbers, numeric strings and booleans (1 and 0) are accepted. */
    NUMBER("a number") {
        @Override
        public Object coerce(Object value) {
            return switch (value) {
                case Boolean bool -> bool ? 1.0 : 0.0;
                case Number number -> finite(number.doubleValue());
                case String text -> finite(Double.parseDouble(decimal(text)));
                default -> throw new IllegalArgumentException();
            };
        }
    },
    /** A whole number; a Long. Real numbers without a fraction, numeric strings and booleans are accepted. */
    INTEGER("a whole number") {
        @Override
        public Object coerce(Object value) {
            return switch (value) {
                case Boolean bool -> bool ? 1L : 0L;
                case Long number -> number;
                case Integer number -> number.longValue();
                case Double number when number == Math.rint(number) && Math.abs(number) < 0x1p53 ->
                    number.longValue();
                case String text -> Long.parseLong(text.strip());
                default -> throw new IllegalArgumentException();
            };
        }
    },
    /** A Boolean. 0, 1 and the words true, false, yes, no, on, off, t, f, y, n are accepted. */
    BOOLEAN("true or false") {
        @Override
        public Object coerce(Object value) {
            return switch (value) {
                case Boolean bool -> bool;
                case Number number when number.doubleValue() == 0 || number.doubleValue() == 1 ->
                    number.doubleValue() == 1;
                case String text when TRUE.contains(text.strip().toLowerCase(Locale.ROOT)) -> true;
                case String text when FALSE.contains(text.strip().toLowerCase(Locale.ROOT)) -> false;
                default -> throw new IllegalArgumentException();
            };
        }
    },
    /** A String, as it is. */
    WORD("a word") {
        @Override
        public Object coerce(Object value) {
            if (value instanceof String) {
                return value;
            }
            throw new IllegalArgumentException();
        }
    };

    private static final Set<String> TRUE = Set.of("1", "true", "yes", "on", "t", "y");
    private static final Set<String> FALSE = Set.of("0", "false", "no", "off", "f", "n");

    private final String description;

    ParameterType(String description) {
        this.description = description;
    }

    /** What is expected, for messages. */
    public String description() {
        return description;
    }

    /**
     * Converts a value of a recipe to this type.
     *
     * @param value Boolean, Long, Double or String
     * @throws IllegalArgumentException if it has no such value
     */
    public abstract Object coerce(Object value);

    /** Refuses what Java reads as a number and Python does not: hexadecimal floats and the suffixes d and f. */
    private static String decimal(String text) {
        String number = text.strip().replace("_", "");
        for (int i = 0; i < number.length(); i++) {
            char character = number.charAt(i);
            if ((character < '0' || character > '9') && "+-.eE".indexOf(character) < 0) {
                throw new IllegalArgumentException();
            }
        }
        return number;
    }

    /** Infinite and undefined parameters would only make infinite and undefined weights. */
    private static Double finite(double value) {
        if (Double.isFinite(value)) {
            return value;
        }
        throw new IllegalArgumentException();
    }
}
