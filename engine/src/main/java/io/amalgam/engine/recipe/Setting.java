package io.amalgam.engine.recipe;

import java.util.List;
import java.util.Objects;

/**
 * The value of a parameter as the recipe gives it (mergekit.md §1.3): a scalar, a gradient over the layers, or a list
 * of these with filters on tensor names.
 *
 * @param entries in the recipe's order; a plain scalar or gradient is one entry without filter
 * @param position where the value stands
 */
public record Setting(List<Entry> entries, Position position) {

    /**
     * One value and the tensors that it is for.
     *
     * @param filter a part of a tensor's name, {@code "*"} for all, or null for all
     * @param values one scalar, or the points of a gradient: Boolean, Long, Double or String
     * @param gradient whether the value was written as a list
     * @param position where the value stands
     */
    public record Entry(String filter, List<Object> values, boolean gradient, Position position) {

        /** Keeps the list as it is now. */
        public Entry {
            values = List.copyOf(values);
        }

        /** Whether this entry is for the tensor: its filter is absent, {@code "*"}, or a part of the name. */
        public boolean matches(String tensor) {
            return filter == null || filter.equals("*") || tensor.contains(filter);
        }
    }

    /** Keeps the list as it is now. */
    public Setting {
        entries = List.copyOf(entries);
        Objects.requireNonNull(position, "position");
    }

    /** A setting that is one scalar. */
    public static Setting of(Object scalar) {
        return new Setting(List.of(new Entry(null, List.of(scalar), false, Position.NONE)), Position.NONE);
    }
}
