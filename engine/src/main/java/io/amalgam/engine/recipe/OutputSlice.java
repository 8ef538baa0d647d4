package io.amalgam.engine.recipe;

import java.util.List;
import java.util.Map;

/**
 * A run of output layers and the models that they are made of.
 *
 * @param sources in the recipe's order
 * @param baseModel the slice's own base model, or null for the recipe's
 * @param parameters of this slice, by name
 * @param position where the slice stands
 */
public record OutputSlice(
        List<InputModel> sources, ModelReference baseModel, Map<String, Setting> parameters, Position position) {

    /** Keeps the collections as they are now. */
    public OutputSlice {
        sources = List.copyOf(sources);
        parameters = Ordered.copyOf(parameters);
    }
}
