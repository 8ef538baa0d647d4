package io.amalgam.engine.plan;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.recipe.ModelPath;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The models of a recipe, by reference. */
final class RecipeModels {

    private final Map<ModelReference, ModelView> views = new LinkedHashMap<>();
    private final Map<ModelReference, Position> positions;

    /**
     * Finds every reference of a recipe among pinned models.
     *
     * @param problems receives what is wrong with adapters
     */
    RecipeModels(Recipe recipe, List<PinnedModel> pinned, ProblemCollector problems) {
        positions = recipe.references();
        positions.forEach((reference, position) -> {
            int model = index(pinned, reference.model(), false);
            int adapter = reference.lora() == null ? -1 : index(pinned, reference.lora(), true);
            if (model < 0 || reference.lora() != null && adapter < 0) {
                return;
            }
            try {
                views.put(reference, new ModelView(reference, model, adapter, pinned));
            } catch (AmalgamException e) {
                problems.failure(e, position);
            }
        });
    }

    /** The index of a model or adapter among the pinned ones, or -1. */
    static int index(List<PinnedModel> pinned, ModelPath path, boolean adapter) {
        for (int index = 0; index < pinned.size(); index++) {
            PinnedModel model = pinned.get(index);
            if (model.adapter() == adapter && path.equals(new ModelPath(model.path(), model.revision()))) {
                return index;
            }
        }
        return -1;
    }

    /** The model of that reference, or null if it could not be read. */
    ModelView get(ModelReference reference) {
        return views.get(reference);
    }

    /** Where the recipe first names the model. */
    Position position(ModelReference reference) {
        return positions.getOrDefault(reference, Position.NONE);
    }

    /** All models that could be read, the base model first. */
    List<ModelView> all() {
        return new ArrayList<>(views.values());
    }

    /** The model that configuration and tokenizer come from: the base model, else the first. */
    ModelView donor() {
        Collection<ModelView> all = views.values();
        return all.isEmpty() ? null : all.iterator().next();
    }
}
