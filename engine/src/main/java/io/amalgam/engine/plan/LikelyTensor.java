package io.amalgam.engine.plan;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.recipe.InputModel;
import io.amalgam.engine.recipe.ModelReference;
import io.amalgam.engine.recipe.OutputSlice;
import io.amalgam.engine.recipe.ParsedRecipe;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.RecipeModule;
import io.amalgam.engine.recipe.Setting;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import io.amalgam.engine.tensor.TensorSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a large tensor of a recipe will most likely be, told from the recipe alone, for those who want to get ready while
 * models are still being looked at. It may be wrong: the plan decides.
 */
public final class LikelyTensor {
    /** Most weights lie in tensors of about such names. */
    private static final String NAME = "model.layers.0.mlp.up_proj.weight";
    private static final long[] SHAPE = {1 << 12, 1 << 12};
    private static final double MIDDLE = 0.5;

    private final Recipe recipe;
    private final MergeMethod method;
    private final DType type;
    private final ProblemCollector problems;
    private final ParameterResolver parameters;

    private LikelyTensor(Recipe recipe, MergeMethod method, ProblemCollector problems) {
        this.recipe = recipe;
        this.method = method;
        this.problems = problems;
        type = recipe.dtype() == null ? DType.BF16 : recipe.dtype();
        parameters = new ParameterResolver(method, problems);
    }

    /** Such a tensor, or nothing if the recipe has faults that a plan will tell of. */
    public static Optional<TensorPlan> of(ParsedRecipe parsed) {
        if (parsed.hasErrors()) {
            return Optional.empty();
        }
        Recipe recipe = parsed.recipe();
        return MergeMethods.find(recipe.mergeMethod())
                .flatMap(method -> new LikelyTensor(recipe, method, new ProblemCollector(parsed.file())).tensor());
    }

    private Optional<TensorPlan> tensor() {
        RecipeModule module = recipe.modules().values().stream().findFirst().orElse(null);
        Map<String, Setting> ofModule = module == null ? Map.of() : module.parameters();
        return slice(module).flatMap(slice -> tensor(slice, ofModule)).filter(tensor -> !problems.hasErrors());
    }

    /** What stands first in a module, or in a recipe without modules: all layers of some models, or a slice. */
    private Optional<OutputSlice> slice(RecipeModule module) {
        List<InputModel> models = module == null ? recipe.models() : module.models();
        List<OutputSlice> slices = module == null ? recipe.slices() : module.slices();
        return models.isEmpty() ? slices.stream().findFirst() : Optional.of(OutputSlice.whole(models, recipe));
    }

    private Optional<TensorPlan> tensor(OutputSlice slice, Map<String, Setting> ofModule) {
        int base = method.inputs().base() == InputRule.BaseRule.ORDINARY_INPUT ? -1 : slice.indexOfBase(recipe);
        List<TensorInput> inputs = new ArrayList<>();
        for (InputModel source : slice.sources()) {
            boolean isBase = inputs.size() == base;
            ModelReference model = source.model();
            Map<String, Object> own = parameters.perInput(
                    List.of(source.parameters(), slice.parameters(), ofModule, recipe.parameters()),
                    model.toString(),
                    isBase,
                    NAME,
                    MIDDLE,
                    source.position());
            boolean draws = method.draws(SHAPE[0] * SHAPE[1], own, isBase) > 0;
            TensorSource stored = new TensorSource.Stored(inputs.size(), "", 0, type, SHAPE);
            inputs.add(new TensorInput(inputs.size(), NAME, stored, type, own, draws ? 0 : -1));
        }
        Map<String, Object> shared = parameters.shared(
                List.of(slice.parameters(), ofModule, recipe.parameters()), NAME, MIDDLE, slice.position());
        if (!method.inputs().accepts(inputs.size(), base >= 0)) {
            return Optional.empty();
        }
        DType output = recipe.outDtype() == null ? method.outputType(type) : recipe.outDtype();
        return Optional.of(new TensorPlan(NAME, SHAPE, output, method.name(), type, inputs, base, shared));
    }
}
