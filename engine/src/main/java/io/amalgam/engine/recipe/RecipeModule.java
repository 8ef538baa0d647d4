package io.amalgam.engine.recipe;

import java.util.List;
import java.util.Map;

/**
 * How one module of a model with several (a text decoder, a vision tower) is made: exactly one of {@code models} and
 * {@code slices} is not empty.
 *
 * @param models whole-module merge
 * @param slices layer stacking
 * @param parameters of this module, by name
 * @param position where the module stands
 */
public record RecipeModule(
        List<InputModel> models, List<OutputSlice> slices, Map<String, Setting> parameters, Position position) {

    /** Keeps the collections as they are now. */
    public RecipeModule {
        models = List.copyOf(models);
        slices = List.copyOf(slices);
        parameters = Ordered.copyOf(parameters);
    }
}
