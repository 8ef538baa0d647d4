package io.amalgam.engine.architecture;

import io.amalgam.engine.checkpoint.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A tensor of an architecture. In names, <code>${layer}</code> stands for the layer's index.
 *
 * @param name its name
 * @param vocabulary whether its rows are tokens
 * @param optional whether models may lack it
 * @param aliases other names that it may have, in the order in which they are tried
 * @param tied names of tensors that stand in for it where a model ties weights
 * @param storedAs the type it is always stored in, or null
 * @param experts names with <code>${expert}</code>: for each expert these are put one below the other, and the experts
 *     one behind the other; a single name without it is that of the tensor itself in an older form of the checkpoint;
 *     empty if the tensor is never converted
 */
public record TensorTemplate(
        String name,
        boolean vocabulary,
        boolean optional,
        List<String> aliases,
        List<String> tied,
        DType storedAs,
        List<String> experts) {

    /** Stands for the layer's index. */
    public static final String LAYER = "${layer}";
    /** Stands for the expert's index. */
    public static final String EXPERT = "${expert}";

    /** Keeps the lists as they are now. */
    public TensorTemplate {
        Objects.requireNonNull(name, "name");
        aliases = List.copyOf(aliases);
        tied = List.copyOf(tied);
        experts = List.copyOf(experts);
    }

    /** A tensor without anything special. */
    public static TensorTemplate of(String name) {
        return new TensorTemplate(name, false, false, List.of(), List.of(), null, List.of());
    }

    /** The tensor of one layer. */
    public TensorTemplate ofLayer(int layer) {
        String index = Integer.toString(layer);
        return new TensorTemplate(
                name.replace(LAYER, index),
                vocabulary,
                optional,
                replaced(aliases, index),
                replaced(tied, index),
                storedAs,
                replaced(experts, index));
    }

    private static List<String> replaced(List<String> names, String index) {
        if (names.isEmpty()) {
            return names;
        }
        List<String> replaced = new ArrayList<>(names.size());
        for (String each : names) {
            replaced.add(each.replace(LAYER, index));
        }
        return replaced;
    }
}
