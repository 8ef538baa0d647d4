package io.amalgam.engine.recipe;

import io.amalgam.engine.checkpoint.DType;
import java.util.List;
import java.util.Map;

/**
 * A recipe as its author wrote it: exactly one of {@code models}, {@code slices} and {@code modules} is not empty.
 *
 * @param name of the document in a file of several, or null
 * @param mergeMethod name of the merge method
 * @param models whole-model merge
 * @param slices layer stacking
 * @param modules by name of the module
 * @param baseModel the base model, or null
 * @param dtype type that every input is cast to before the arithmetic, or null
 * @param outDtype type that every output is cast to, or null
 * @param parameters global parameters, by name
 * @param tokenizer output vocabulary, or null for the donor's files as they are
 * @param chatTemplate {@code auto}, the name of a built-in template, a literal Jinja template, or null
 * @param positions where each top-level key stands
 */
public record Recipe(
        String name,
        String mergeMethod,
        List<InputModel> models,
        List<OutputSlice> slices,
        Map<String, RecipeModule> modules,
        ModelReference baseModel,
        DType dtype,
        DType outDtype,
        Map<String, Setting> parameters,
        TokenizerRecipe tokenizer,
        String chatTemplate,
        Map<String, Position> positions) {

    /** Keeps the collections as they are now. */
    public Recipe {
        models = List.copyOf(models);
        slices = List.copyOf(slices);
        modules = Ordered.copyOf(modules);
        parameters = Ordered.copyOf(parameters);
        positions = Ordered.copyOf(positions);
    }

    /** Where a top-level key stands, or {@link Position#NONE} if the recipe lacks it. */
    public Position position(String key) {
        return positions.getOrDefault(key, Position.NONE);
    }
}
