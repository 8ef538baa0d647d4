package io.amalgam.engine.plan;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.recipe.InputModel;
import io.amalgam.engine.recipe.OutputSlice;
import io.amalgam.engine.recipe.Position;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.tensor.TensorInput;
import io.amalgam.engine.tensor.TensorPlan;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Warns of what is legal and probably not what was meant. */
final class RecipeWarnings {

    /** Weights that add up to this near one were meant to add up to one. */
    private static final double SUM_TOLERANCE = 1e-3;

    private RecipeWarnings() {
    }

    static void add(
            Recipe recipe,
            MergeMethod method,
            List<TensorPlanner.Planned> tensors,
            List<PinnedModel> models,
            ProblemCollector problems) {
        weightsThatDoNotSumToOne(recipe, method, tensors, problems);
        densityOfOne(recipe, method, tensors, models, problems);
        baseAmongModels(recipe, method, problems);
    }

    /** The weighted sum of whole models is a model of another scale unless the weights add up to one. */
    private static void weightsThatDoNotSumToOne(
            Recipe recipe, MergeMethod method, List<TensorPlanner.Planned> tensors, ProblemCollector problems) {
        if (!method.name().equals("linear")) {
            return;
        }
        for (TensorPlanner.Planned planned : tensors) {
            TensorPlan tensor = planned.tensor();
            double sum = 0;
            for (TensorInput input : tensor.inputs()) {
                sum += input.parameters().get("weight") instanceof Double weight ? weight : 0;
            }
            if (Boolean.FALSE.equals(tensor.parameters().get("normalize")) && Math.abs(sum - 1) > SUM_TOLERANCE) {
                problems.warning(
                        ErrorCode.PARAMETER_INVALID,
                        recipe.position("parameters"),
                        String.format(
                                Locale.ROOT,
                                "With normalize: false the weights of linear should add up to 1; at %s they add up to %.4g",
                                tensor.name(),
                                sum),
                        "remove normalize: false, or correct the weights");
                return;
            }
        }
    }

    /** A sparsifying method that keeps everything of a model does not sparsify it. */
    private static void densityOfOne(
            Recipe recipe,
            MergeMethod method,
            List<TensorPlanner.Planned> tensors,
            List<PinnedModel> models,
            ProblemCollector problems) {
        if (method.parameter("density").isEmpty() || method.name().equals("task_arithmetic")) {
            return;
        }
        Map<Integer, Boolean> keepsAll = new TreeMap<>();
        for (TensorPlanner.Planned planned : tensors) {
            for (TensorInput input : planned.tensor().inputs()) {
                if (input.parameters().get("density") instanceof Double density) {
                    keepsAll.merge(input.model(), density >= 1, Boolean::logicalAnd);
                }
            }
        }
        keepsAll.forEach((model, all) -> {
            if (all) {
                String path = models.get(model).path();
                problems.warning(
                        ErrorCode.PARAMETER_INVALID,
                        position(recipe, path),
                        "The density of model " + path + " is 1 in all tensors, so " + method.name()
                                + " keeps all of its changes",
                        "give it a density below 1, such as 0.5, if it is to be sparse");
            }
        });
    }

    /** The base model has no task vector: beside the others it adds nothing, and its parameters have no effect. */
    private static void baseAmongModels(Recipe recipe, MergeMethod method, ProblemCollector problems) {
        boolean ofTaskVectors = method.inputs().base() == InputRule.BaseRule.REQUIRED && method.inputs().maximum() > 2;
        if (!ofTaskVectors || recipe.baseModel() == null) {
            return;
        }
        for (InputModel input : recipe.models()) {
            if (input.model().equals(recipe.baseModel())) {
                problems.warning(
                        ErrorCode.METHOD_INPUTS,
                        input.position(),
                        "Model " + input.model() + " is the base model and also among the models"
                                + (input.parameters().isEmpty() ? "" : "; its parameters have no effect"),
                        "remove it from models, where the base model is added by itself");
            }
        }
    }

    private static Position position(Recipe recipe, String path) {
        for (InputModel input : recipe.models()) {
            if (input.model().model().path().equals(path)) {
                return input.position();
            }
        }
        for (OutputSlice slice : recipe.slices()) {
            for (InputModel input : slice.sources()) {
                if (input.model().model().path().equals(path)) {
                    return input.position();
                }
            }
        }
        return Position.NONE;
    }
}
