package io.amalgam.engine.recipe;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Takes YAML values for what they are to be, and gathers what is wrong with their form. */
final class RecipeForm {

    private final String file;
    private final List<Problem> problems = new ArrayList<>();

    /** @param file for messages */
    RecipeForm(String file) {
        this.file = file;
    }

    /** What was found so far; may be sorted. */
    List<Problem> problems() {
        return problems;
    }

    /** Warns of keys that have no effect. */
    void unknownKeys(YamlValue.Mapping mapping, Set<String> known, String owner) {
        for (String key : mapping.entries().keySet()) {
            if (!known.contains(key)) {
                Position position = mapping.keyPositions().get(key);
                String suggestion = Spelling.suggestion(key, known);
                problems.add(new Problem(
                        ErrorCode.RECIPE_UNKNOWN_KEY,
                        Problem.Severity.WARNING,
                        "The key \"" + key + "\" is not known in " + owner + " and has no effect"
                                + (suggestion.isEmpty() ? "; known are " + String.join(", ", known) + "." : suggestion),
                        file,
                        position.line(),
                        position.column()));
            }
        }
    }

    /** The entries of a list; an error, and none, if it is something else. */
    List<YamlValue> items(YamlValue value, String key) {
        return switch (value) {
            case null -> List.of();
            case YamlValue.Items items -> items.values();
            default -> {
                error(ErrorCode.RECIPE_INVALID, value.position(), key + " must be a list, not " + described(value)
                        + "; begin each entry with \"- \".");
                yield List.of();
            }
        };
    }

    /** The text of a key's value, or null. */
    String string(YamlValue.Mapping owner, String key) {
        YamlValue value = owner.get(key);
        return value == null ? null : text(value, key);
    }

    /** The text of a scalar; an error and null if it is none. */
    String text(YamlValue value, String key) {
        if (value instanceof YamlValue.Scalar scalar && scalar.value() != null) {
            return scalar.text();
        }
        error(ErrorCode.RECIPE_INVALID, value.position(), key + " must be a string, not " + described(value) + ".");
        return null;
    }

    /** A truth value; an error and null if it is none. */
    Boolean bool(YamlValue value, String key) {
        Optional<Boolean> converted =
                value instanceof YamlValue.Scalar scalar ? Coercion.bool(scalar.value()) : Optional.empty();
        if (converted.isPresent()) {
            return converted.get();
        }
        error(ErrorCode.RECIPE_INVALID, value.position(), key + " must be true or false, not " + described(value) + ".");
        return null;
    }

    /** A whole number, or null if it is none. */
    static Long integer(YamlValue value) {
        return value instanceof YamlValue.Scalar scalar && scalar.value() != null
                ? Coercion.whole(scalar.value()).orElse(null)
                : null;
    }

    /** A scalar's text, or what else it is. */
    static String plain(YamlValue value) {
        return value instanceof YamlValue.Scalar scalar ? scalar.text() : value.kind();
    }

    /** A value as messages name it: a scalar in quotes, or what else it is. */
    static String described(YamlValue value) {
        return value instanceof YamlValue.Scalar scalar && scalar.value() != null
                ? "\"" + scalar.text() + "\""
                : value.kind();
    }

    /** Adds an error. */
    void error(ErrorCode code, Position position, String message) {
        problems.add(
                new Problem(code, Problem.Severity.ERROR, message, file, position.line(), position.column()));
    }
}
