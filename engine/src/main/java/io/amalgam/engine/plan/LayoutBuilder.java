package io.amalgam.engine.plan;

import io.amalgam.engine.architecture.Architecture;
import io.amalgam.engine.architecture.ArchitectureModule;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.recipe.InputModel;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.OutputSlice;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.RecipeModule;
import io.amalgam.engine.recipe.Setting;
import io.amalgam.engine.recipe.Spelling;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** Brings a recipe into its normal form and checks its structure (mergekit.md §1.4, §3.2). */
final class LayoutBuilder {

    private final Recipe recipe;
    private final MergeMethod method;
    private final Architecture architecture;
    private final RecipeModels models;
    private final ProblemCollector problems;

    LayoutBuilder(
            Recipe recipe,
            MergeMethod method,
            Architecture architecture,
            RecipeModels models,
            ProblemCollector problems) {
        this.recipe = recipe;
        this.method = method;
        this.architecture = architecture;
        this.models = models;
        this.problems = problems;
    }

    /** The normal form; modules or slices with errors are left out of it. */
    MergeLayout build() {
        List<MergeLayout.Module> modules = new ArrayList<>();
        boolean stacked = !recipe.slices().isEmpty();
        if (!recipe.models().isEmpty()) {
            for (ArchitectureModule module : architecture.modules()) {
                modules.add(wholeModule(module, recipe.models(), Map.of()));
            }
        } else if (stacked) {
            if (architecture.modules().size() != 1) {
                problems.error(
                        ErrorCode.RECIPE_INVALID,
                        recipe.position("slices"),
                        architecture.name() + " has several modules (" + names() + "), so slices cannot say which they are of",
                        "write modules: {NAME: {slices: …}}");
                return new MergeLayout(List.of(), true);
            }
            modules.add(slicedModule(architecture.modules().getFirst(), recipe.slices(), Map.of()));
        } else {
            stacked = recipe.modules().values().stream().anyMatch(module -> !module.slices().isEmpty());
            modulesByName(modules);
        }
        modules.removeIf(module -> module.slices().isEmpty());
        return new MergeLayout(modules, stacked);
    }

    private void modulesByName(List<MergeLayout.Module> modules) {
        recipe.modules().forEach((name, module) -> {
            if (architecture.module(name).isEmpty()) {
                problems.error(
                        ErrorCode.RECIPE_INVALID,
                        module.position(),
                        architecture.name() + " has no module \"" + name + "\""
                                + Spelling.suggestion(name, architecture.modules().stream()
                                        .map(ArchitectureModule::name)
                                        .toList()),
                        "its modules are " + names());
            }
        });
        for (ArchitectureModule definition : architecture.modules()) {
            RecipeModule module = recipe.modules().get(definition.name());
            if (module == null) {
                problems.note(
                        ErrorCode.RECIPE_INVALID,
                        recipe.position("modules"),
                        "The module \"" + definition.name() + "\" is not in the recipe and will not be in the output, as with"
                                + " MergeKit",
                        "name it under modules to merge or copy it");
            } else if (!module.models().isEmpty()) {
                modules.add(wholeModule(definition, module.models(), module.parameters()));
            } else {
                modules.add(slicedModule(definition, module.slices(), module.parameters()));
            }
        }
    }

    private String names() {
        return String.join(", ", architecture.modules().stream().map(ArchitectureModule::name).toList());
    }

    private MergeLayout.Module wholeModule(
            ArchitectureModule definition,
            List<InputModel> inputs,
            Map<String, Setting> parameters) {
        OutputSlice slice = OutputSlice.whole(inputs, recipe);
        return new MergeLayout.Module(
                definition, slice(definition, slice).map(List::of).orElse(List.of()), parameters);
    }

    private MergeLayout.Module slicedModule(
            ArchitectureModule definition,
            List<OutputSlice> slices,
            Map<String, Setting> parameters) {
        List<MergeLayout.Slice> built = new ArrayList<>();
        slices.forEach(slice -> slice(definition, slice).ifPresent(built::add));
        return new MergeLayout.Module(definition, built, parameters);
    }

    private Optional<MergeLayout.Slice> slice(ArchitectureModule definition, OutputSlice slice) {
        List<MergeLayout.Input> inputs = new ArrayList<>();
        boolean usable = !slice.sources().isEmpty();
        for (InputModel source : slice.sources()) {
            ModelView view = models.get(source.model());
            if (view == null) {
                usable = false;
                continue;
            }
            OptionalLong layers = definition.layers(view.config());
            if (layers.isEmpty()) {
                usable = false;
                problems.error(
                        ErrorCode.MODEL_UNREADABLE,
                        source.position(),
                        "config.json of model " + source.model() + " has none of " + String.join(", ", definition.layerKeys())
                                + ", so the number of layers is not known",
                        "add the key");
                continue;
            }
            int count = (int) layers.getAsLong();
            if (source.layers() != null && source.layers().end() > count) {
                usable = false;
                problems.error(
                        ErrorCode.TENSOR_MISSING,
                        source.layers().position(),
                        "layer_range [" + source.layers().first() + ", " + source.layers().end() + "] goes beyond model "
                                + source.model() + ", which has " + count + " layers (0 to " + (count - 1) + ")",
                        "end it at " + count + " or before; the end is exclusive");
                continue;
            }
            inputs.add(new MergeLayout.Input(
                    view,
                    source.layers() == null ? 0 : source.layers().first(),
                    source.layers() == null ? count : source.layers().length(),
                    source.parameters(),
                    source.position()));
        }
        int listedBase = slice.indexOfBase(recipe);
        int base = checkInputs(slice, listedBase);
        if (!usable || !sameLayers(inputs, slice)) {
            return Optional.empty();
        }
        return Optional.of(new MergeLayout.Slice(inputs, base, listedBase, slice.parameters(), slice.position()));
    }

    private boolean sameLayers(List<MergeLayout.Input> inputs, OutputSlice slice) {
        MergeLayout.Input first = inputs.getFirst();
        boolean same = true;
        for (MergeLayout.Input input : inputs) {
            if (input.layers() != first.layers()) {
                same = false;
                problems.error(
                        ErrorCode.ARCHITECTURE_MISMATCH,
                        input.position().line() > 0 ? input.position() : slice.position(),
                        "Model " + input.model().reference() + " gives " + input.layers() + " layers where model "
                                + first.model().reference() + " gives " + first.layers(),
                        "all models of a slice must give as many layers; use slices with equal layer_range lengths");
            }
        }
        return same;
    }

    /** Checks number of inputs and base model; returns the index of the method's base model, or -1. */
    private int checkInputs(OutputSlice slice, int listedBase) {
        InputRule rule = method.inputs();
        Set<ModelReference> seen = new HashSet<>();
        for (InputModel source : slice.sources()) {
            if (!seen.add(source.model())) {
                problems.error(
                        ErrorCode.METHOD_INPUTS,
                        source.position(),
                        "Model " + source.model() + " is twice among the inputs of one slice",
                        "remove one, or add their weights up");
            }
        }
        ModelReference base = slice.base(recipe);
        int index = -1;
        if (rule.base() != InputRule.BaseRule.ORDINARY_INPUT && base != null) {
            index = listedBase;
            if (index < 0) {
                problems.error(
                        ErrorCode.METHOD_INPUTS,
                        slice.position(),
                        "The base model " + base + " is not among the sources of this slice",
                        "add it as a source with its layer_range; only under models it is added by itself");
            }
        }
        if (rule.base() == InputRule.BaseRule.REQUIRED && base == null) {
            problems.error(
                    ErrorCode.METHOD_INPUTS,
                    recipe.position("merge_method"),
                    "The merge method " + method.name() + " needs a base model, and the recipe has no base_model",
                    "add base_model: with the model that the others were fine-tuned from"
                            + (rule.maximum() == 2 ? ", or with one of the two" : ""));
        } else if (!rule.accepts(slice.sources().size(), index >= 0)) {
            int counted = rule.countsBase() || index < 0 ? slice.sources().size() : slice.sources().size() - 1;
            Position place = slice.position().line() > 0 ? slice.position() : recipe.position("merge_method");
            problems.error(
                    ErrorCode.METHOD_INPUTS,
                    place,
                    "The merge method " + method.name() + " takes " + rule.inWords() + " models"
                            + (rule.countsBase() && base != null ? " (the base model counts)" : "") + ", and there are " + counted,
                    counted < rule.minimum() ? "add models" : "remove models, or use a method that takes more");
        }
        return index;
    }
}
