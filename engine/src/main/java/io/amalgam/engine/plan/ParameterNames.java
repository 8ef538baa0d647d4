package io.amalgam.engine.plan;

import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.MethodParameter;
import io.amalgam.engine.recipe.InputModel;
import io.amalgam.engine.recipe.OutputSlice;
import io.amalgam.engine.recipe.Recipe;
import io.amalgam.engine.recipe.RecipeModule;
import io.amalgam.engine.recipe.Setting;
import io.amalgam.engine.recipe.Spelling;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Warns of parameters that have no effect: names that no method knows, and shared parameters beside a model. A name that
 * any method knows is silent, since recipes carry parameters of other methods along.
 */
final class ParameterNames {

    private final Optional<MergeMethod> method;
    private final TreeSet<String> known = new TreeSet<>();
    private final ProblemCollector problems;

    private ParameterNames(Recipe recipe, ProblemCollector problems) {
        this.method = recipe.mergeMethod() == null ? Optional.empty() : MergeMethods.find(recipe.mergeMethod());
        this.problems = problems;
        MergeMethods.all().forEach(each -> each.parameters().forEach(parameter -> known.add(parameter.name())));
    }

    static void check(Recipe recipe, ProblemCollector problems) {
        ParameterNames names = new ParameterNames(recipe, problems);
        names.checkAll(recipe.parameters(), false);
        names.inputs(recipe.models());
        names.slices(recipe.slices());
        for (RecipeModule module : recipe.modules().values()) {
            names.checkAll(module.parameters(), false);
            names.inputs(module.models());
            names.slices(module.slices());
        }
    }

    private void slices(List<OutputSlice> slices) {
        for (OutputSlice slice : slices) {
            checkAll(slice.parameters(), false);
            inputs(slice.sources());
        }
    }

    private void inputs(List<InputModel> inputs) {
        inputs.forEach(input -> checkAll(input.parameters(), true));
    }

    private void checkAll(Map<String, Setting> parameters, boolean besideModel) {
        parameters.forEach((name, setting) -> {
            if (!known.contains(name)) {
                String nearest = Spelling.nearest(name, known)
                        .map(found -> "did you mean \"" + found + "\"? ")
                        .orElse("");
                problems.warning(
                        ErrorCode.RECIPE_UNKNOWN_KEY,
                        setting.position(),
                        "The parameter \"" + name + "\" is known to no merge method and has no effect",
                        nearest + method.map(each -> each.name() + " has " + names(each)).orElse(""));
                return;
            }
            boolean shared = method.flatMap(each -> each.parameter(name))
                    .map(parameter -> parameter.scope() == MethodParameter.Scope.SHARED)
                    .orElse(false);
            if (besideModel && shared) {
                problems.warning(
                        ErrorCode.PARAMETER_INVALID,
                        setting.position(),
                        "The parameter \"" + name + "\" of " + method.orElseThrow().name()
                                + " is one for all models; beside a model it has no effect",
                        "move it to parameters: of the recipe or slice");
            }
        });
    }

    private static String names(MergeMethod method) {
        return method.parameters().isEmpty()
                ? "no parameters"
                : String.join(", ", method.parameters().stream().map(MethodParameter::name).toList());
    }
}
