package io.amalgam.engine.recipe;

import io.amalgam.engine.checkpoint.DType;
import java.util.LinkedHashMap;
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

    /**
     * Every model whose weights or configuration a recipe may need, with the place where it is first named: the base
     * model first, then the recipe's order. This is also the order in which the donor of the configuration and the
     * architecture are looked for.
     */
    public Map<ModelReference, Position> references() {
        Map<ModelReference, Position> references = new LinkedHashMap<>();
        if (baseModel != null) {
            references.put(baseModel, position("base_model"));
        }
        addInputs(models, references);
        addSlices(slices, references);
        for (RecipeModule module : modules.values()) {
            addInputs(module.models(), references);
            addSlices(module.slices(), references);
        }
        return references;
    }

    private static void addSlices(List<OutputSlice> slices, Map<ModelReference, Position> references) {
        for (OutputSlice slice : slices) {
            addInputs(slice.sources(), references);
            if (slice.baseModel() != null) {
                references.putIfAbsent(slice.baseModel(), slice.position());
            }
        }
    }

    private static void addInputs(List<InputModel> inputs, Map<ModelReference, Position> references) {
        inputs.forEach(input -> references.putIfAbsent(input.model(), input.position()));
    }
}
