package io.amalgam.recipeservice.page;

import io.amalgam.engine.method.InputRule;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MethodParameter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A recipe to start from for each merge method, made from the method's own declaration, so that a new method has one
 * without further work.
 */
public final class RecipeTemplates {

    private static final int USUAL_MODELS = 2;
    /** Values to begin with for parameters that must be given; others stand with their defaults. */
    private static final Map<String, String> FIRST_VALUES =
            Map.of("weight", "1.0", "t", "0.5", "density", "0.5", "gamma", "0.01");
    private static final String FIRST_VALUE = "0.5";
    private static final Pattern BASE = Pattern.compile("(^|[/_-])base($|[/_-])", Pattern.CASE_INSENSITIVE);

    private RecipeTemplates() {
    }

    /** Models in the order in which templates use them: one whose name says that it is a base comes first. */
    public static List<String> order(List<String> models) {
        List<String> ordered = new ArrayList<>(models);
        ordered.sort(Comparator.comparing((String name) -> !BASE.matcher(name).find()));
        return ordered;
    }

    /**
     * Writes a recipe.
     *
     * @param method of the merge
     * @param models names to use, the one that is to be the base first; placeholders stand for those that lack
     */
    public static String recipe(MergeMethod method, List<String> models) {
        InputRule rule = method.inputs();
        boolean base = rule.base() == InputRule.BaseRule.REQUIRED;
        int counted = base && rule.countsBase() ? 1 : 0;
        int listed = Math.clamp(USUAL_MODELS, Math.max(1, rule.minimum() - counted),
                rule.maximum() == Integer.MAX_VALUE ? Integer.MAX_VALUE : rule.maximum() - counted);
        List<MethodParameter> shared = new ArrayList<>();
        List<MethodParameter> each = new ArrayList<>();
        for (MethodParameter parameter : method.parameters()) {
            if (parameter.required() || parameter.defaultValue() != null) {
                (parameter.scope() == MethodParameter.Scope.SHARED ? shared : each).add(parameter);
            }
        }
        StringBuilder text = new StringBuilder("# ").append(method.summary()).append("\nmerge_method: ")
                .append(method.name()).append('\n');
        if (base) {
            text.append("base_model: ").append(name(models, 0)).append('\n');
        }
        text.append("models:\n");
        for (int index = 0; index < listed; index++) {
            text.append("  - model: ").append(name(models, index + 1)).append('\n');
            if (!each.isEmpty()) {
                text.append("    parameters:\n");
                each.forEach(parameter -> line(text, "      ", parameter));
            }
        }
        if (!shared.isEmpty()) {
            text.append("parameters:\n");
            shared.forEach(parameter -> line(text, "  ", parameter));
        }
        return text.append("dtype: bfloat16\n").toString();
    }

    private static void line(StringBuilder text, String indent, MethodParameter parameter) {
        text.append(indent).append(parameter.name()).append(": ");
        if (parameter.required()) {
            text.append(FIRST_VALUES.getOrDefault(parameter.name(), FIRST_VALUE));
        } else {
            text.append(parameter.defaultValue());
        }
        text.append('\n');
    }

    private static String name(List<String> models, int index) {
        return index < models.size() ? models.get(index) : index == 0 ? "BASE-MODEL" : "MODEL-" + index;
    }
}
