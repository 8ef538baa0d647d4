package io.amalgam.engine.recipe;

import io.amalgam.engine.method.MethodParameter;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What values of a recipe are accepted as which type: what pydantic accepts in its lax mode, since YAML 1.1 makes a
 * string of {@code 1e-4} and a boolean of {@code on}.
 */
public final class Coercion {

    private static final Set<String> TRUE = Set.of("1", "true", "yes", "on", "t", "y");
    private static final Set<String> FALSE = Set.of("0", "false", "no", "off", "f", "n");

    private Coercion() {
    }

    /**
     * Converts a value of a recipe.
     *
     * @param value Boolean, Long, Double or String
     * @return Double, Long or Boolean, or empty if the value is none of the type
     */
    public static Optional<Object> convert(Object value, MethodParameter.Type type) {
        return switch (type) {
            case FLOAT -> number(value).map(Object.class::cast);
            case INTEGER -> whole(value).map(Object.class::cast);
            case BOOLEAN -> bool(value).map(Object.class::cast);
        };
    }

    /** What a type accepts, for messages. */
    public static String expected(MethodParameter.Type type) {
        return switch (type) {
            case FLOAT -> "a finite number";
            case INTEGER -> "a whole number";
            case BOOLEAN -> "true or false";
        };
    }

    /**
     * A real number: also of whole numbers, numeric strings and booleans (1 and 0). Infinite and undefined ones are
     * refused: they would only make infinite and undefined weights.
     */
    public static Optional<Double> number(Object value) {
        try {
            return Optional.of(switch (value) {
                        case Boolean bool -> bool ? 1.0 : 0.0;
                        case Number number -> number.doubleValue();
                        case String text -> Double.parseDouble(decimal(text));
                        default -> Double.NaN;
                    })
                    .filter(Double::isFinite);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** A whole number: also of real numbers without a fraction, numeric strings and booleans. */
    public static Optional<Long> whole(Object value) {
        try {
            return switch (value) {
                case Boolean bool -> Optional.of(bool ? 1L : 0L);
                case Long number -> Optional.of(number);
                case Double number when number == Math.rint(number) && Math.abs(number) < 0x1p53 ->
                    Optional.of(number.longValue());
                case String text -> Optional.of(Long.parseLong(text.strip()));
                default -> Optional.empty();
            };
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** A boolean: also of 0, 1 and the words true, false, yes, no, on, off, t, f, y, n. */
    public static Optional<Boolean> bool(Object value) {
        return switch (value) {
            case Boolean bool -> Optional.of(bool);
            case Number number when number.doubleValue() == 0 || number.doubleValue() == 1 ->
                Optional.of(number.doubleValue() == 1);
            case String text when TRUE.contains(text.strip().toLowerCase(Locale.ROOT)) -> Optional.of(true);
            case String text when FALSE.contains(text.strip().toLowerCase(Locale.ROOT)) -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    /** Refuses what Java reads as a number and Python does not: hexadecimal floats and the suffixes d and f. */
    private static String decimal(String text) {
        String number = text.strip().replace("_", "");
        for (int i = 0; i < number.length(); i++) {
            char character = number.charAt(i);
            if ((character < '0' || character > '9') && "+-.eE".indexOf(character) < 0) {
                throw new NumberFormatException(text);
            }
        }
        return number;
    }
}
