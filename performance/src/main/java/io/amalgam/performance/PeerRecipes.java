package io.amalgam.performance;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A recipe for each method, over the models of {@link PeerModels}. */
final class PeerRecipes {
    private static final double[] WEIGHTS = {0.3, 0.25, 0.2, 0.15, 0.35};
    private static final double[] DENSITIES = {0.5, 0.6, 0.4, 0.55, 0.45};

    private PeerRecipes() {
    }

    /** Recipes by method; models are named by paths under {@code folder}. */
    static Map<String, String> all(String folder) {
        Map<String, String> recipes = new LinkedHashMap<>();
        for (String method : new String[] {"linear", "multislerp", "karcher", "model_stock", "sce", "ram", "ramplus_tl"}) {
            recipes.put(method, many(method, folder, method.equals("linear") ? "weight" : "", !method.equals("linear")));
        }
        recipes.put("multislerp", many("multislerp", folder, "weight", true));
        recipes.put("sce", recipes.get("sce") + "parameters:\n  select_topk: 0.6\n");
        recipes.put("slerp", two("slerp", folder, "parameters:\n  t: 0.4\n"));
        recipes.put("nearswap", two("nearswap", folder, "parameters:\n  t: 0.002\n"));
        recipes.put("arcee_fusion", two("arcee_fusion", folder, ""));
        recipes.put("nuslerp", nuSlerp(folder));
        recipes.put("passthrough", passthrough(folder));
        recipes.put("task_arithmetic", many("task_arithmetic", folder, "weight", true));
        for (String method : new String[] {"ties", "dare_ties", "dare_linear"}) {
            recipes.put(method, many(method, folder, "weight density", true));
        }
        for (String method : new String[] {"della", "della_linear"}) {
            recipes.put(method, many(method, folder, "weight density epsilon", true));
        }
        for (String method : new String[] {"breadcrumbs", "breadcrumbs_ties"}) {
            recipes.put(method, many(method, folder, "weight density gamma", true));
        }
        return recipes;
    }

    private static String many(String method, String folder, String parameters, boolean base) {
        StringBuilder recipe = new StringBuilder("merge_method: " + method + "\ndtype: bfloat16\nmodels:\n");
        for (int model = 0; model < PeerModels.FINE_TUNES; model++) {
            recipe.append("- model: ").append(folder).append("/m").append(model).append('\n');
            if (!parameters.isEmpty()) {
                recipe.append("  parameters:\n");
                for (String parameter : parameters.split(" ")) {
                    recipe.append("    ").append(parameter).append(": ").append(value(parameter, model)).append('\n');
                }
            }
        }
        return base ? recipe.append("base_model: ").append(folder).append("/base\n").toString() : recipe.toString();
    }

    private static double value(String parameter, int model) {
        return switch (parameter) {
            case "weight" -> WEIGHTS[model];
            case "density" -> DENSITIES[model];
            case "epsilon" -> 0.1;
            case "gamma" -> 0.01;
            default -> throw new IllegalArgumentException(parameter);
        };
    }

    private static String two(String method, String folder, String rest) {
        return "merge_method: %s\ndtype: bfloat16\nmodels:\n- model: %s/base\n- model: %s/m0\nbase_model: %s/base\n%s"
                .formatted(method, folder, folder, folder, rest);
    }

    private static String nuSlerp(String folder) {
        return ("merge_method: nuslerp\ndtype: bfloat16\nmodels:\n- model: %s/m0\n  parameters:\n    weight: 0.3\n"
                        + "- model: %s/m1\n  parameters:\n    weight: 0.7\n")
                .formatted(folder, folder);
    }

    private static String passthrough(String folder) {
        return ("merge_method: passthrough\ndtype: bfloat16\nmodels:\n- model: %s/m0\n  parameters:\n    scale:\n"
                        + "    - filter: down_proj\n      value: 0.7\n    - value: 1.0\n")
                .formatted(folder);
    }

    /** The weights that a recipe reads, of models under {@code folder}. */
    static List<Path> inputs(String recipe, Path folder) {
        List<Path> inputs = new ArrayList<>();
        for (String name : PeerModels.names()) {
            if (recipe.contains("/" + name + "\n")) {
                inputs.add(folder.resolve(name).resolve("model.safetensors"));
            }
        }
        return inputs;
    }
}
