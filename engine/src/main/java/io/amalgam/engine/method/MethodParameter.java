package io.amalgam.engine.method;

import java.util.Objects;
import java.util.Optional;

/**
 * A parameter of a merge method.
 *
 * @param name as recipes write it
 * @param type what values it takes
 * @param scope where recipes may set it
 * @param required whether it must have a value
 * @param defaultValue its value when nothing sets it (Double, Long or Boolean, as {@code type} says), or null
 * @param description one sentence for the documentation
 */
public record MethodParameter(
        String name, Type type, Scope scope, boolean required, Object defaultValue, String description) {

    /** What values a parameter takes. */
    public enum Type {
        /** A number; resolved values are {@link Double}. */
        FLOAT,
        /** A whole number; resolved values are {@link Long}. */
        INTEGER,
        /** True or false; resolved values are {@link Boolean}. */
        BOOLEAN
    }

    /** Where a parameter may be set, and for what it is resolved (mergekit.md §1.3). */
    public enum Scope {
        /** One value for a whole output tensor; values beside a model are not looked at. */
        SHARED,
        /** One value for each input, the base model included. */
        PER_INPUT,
        /** One value for each input but the base model, for which it is not even resolved. */
        PER_INPUT_NON_BASE
    }

    /** Checks that what must be there is. */
    public MethodParameter {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(scope, "scope");
        Objects.requireNonNull(description, "description");
        if (required && defaultValue != null) {
            throw new IllegalArgumentException("a required parameter has no default: " + name);
        }
    }

    /** A parameter that must be given. */
    static MethodParameter required(String name, Type type, Scope scope, String description) {
        return new MethodParameter(name, type, scope, true, null, description);
    }

    /** A parameter with a default. */
    static MethodParameter optional(String name, Type type, Scope scope, Object defaultValue, String description) {
        return new MethodParameter(name, type, scope, false, defaultValue, description);
    }

    /** The value when nothing sets it. */
    public Optional<Object> whenAbsent() {
        return Optional.ofNullable(defaultValue);
    }
}
