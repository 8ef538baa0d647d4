package io.amalgam.engine.recipe;

import java.util.ArrayList;
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

    /** All layers of some models, to which the recipe's base model is added if it is not among them. */
    public static OutputSlice whole(List<InputModel> models, Recipe recipe) {
        List<InputModel> all = new ArrayList<>(models);
        ModelReference base = recipe.baseModel();
        if (base != null && models.stream().noneMatch(input -> input.model().equals(base))) {
            all.add(new InputModel(base, null, Map.of(), recipe.position("base_model")));
        }
        return new OutputSlice(all, null, Map.of(), recipe.position("models"));
    }

    /** The base model that holds for this slice of a recipe, or null. */
    public ModelReference base(Recipe recipe) {
        return baseModel != null ? baseModel : recipe.baseModel();
    }

    /** Where among the sources that base model is, or -1. */
    public int indexOfBase(Recipe recipe) {
        for (int index = 0; index < sources.size(); index++) {
            if (sources.get(index).model().equals(base(recipe))) {
                return index;
            }
        }
        return -1;
    }
}
