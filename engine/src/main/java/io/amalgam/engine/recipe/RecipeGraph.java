package io.amalgam.engine.recipe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The recipes of one file, and which of them are made of others' outputs: a model whose path is the name of another
 * recipe of the file is that recipe's output (MergeKit's {@code mergekit-multi}).
 */
public final class RecipeGraph {

    /** Stands for the recipe without a name, of which there is at most one. */
    private static final String UNNAMED = "";

    private final Map<String, ParsedRecipe> recipes = new LinkedHashMap<>();
    private final Map<String, Set<String>> dependencies = new LinkedHashMap<>();

    private RecipeGraph() {
    }

    /**
     * Relates recipes to each other.
     *
     * @throws AmalgamException with all problems of the recipes, or if names repeat, are no names of folders, are missing
     *     twice, or depend on each other in a circle
     */
    public static RecipeGraph of(List<ParsedRecipe> documents) {
        List<Problem> problems = new ArrayList<>();
        RecipeGraph graph = new RecipeGraph();
        for (ParsedRecipe document : documents) {
            if (document.hasErrors()) {
                problems.addAll(document.problems());
                continue;
            }
            String name = document.recipe().name() == null ? UNNAMED : document.recipe().name();
            Position place = document.recipe().position("name");
            if (!name.equals(UNNAMED) && !name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
                problems.add(problem(document, place, "The name \"" + name + "\" of a recipe becomes a folder's name and may"
                        + " have letters, digits, dots, hyphens and underscores only; choose another."));
            }
            if (graph.recipes.putIfAbsent(name, document) != null) {
                problems.add(problem(document, place, name.equals(UNNAMED)
                        ? "Two recipes of the file have no name; only the last result may be unnamed, so add name:."
                        : "Two recipes of the file have the name \"" + name + "\"; rename one."));
            }
        }
        if (!problems.isEmpty()) {
            throw new AmalgamException(problems);
        }
        graph.recipes.forEach((name, document) -> graph.dependencies.put(name, graph.named(document.recipe())));
        graph.order();
        return graph;
    }

    private static Problem problem(ParsedRecipe document, Position place, String message) {
        return new Problem(
                ErrorCode.RECIPE_INVALID,
                Problem.Severity.ERROR,
                message,
                document.file(),
                place.line(),
                place.column());
    }

    /** Names of recipes of this file among a recipe's models. */
    private Set<String> named(Recipe recipe) {
        Set<String> names = new LinkedHashSet<>();
        recipe.references().keySet().forEach(reference -> {
            addName(reference.model(), names);
            if (reference.lora() != null) {
                addName(reference.lora(), names);
            }
        });
        return names;
    }

    private void addName(ModelPath path, Set<String> names) {
        if (path.revision() == null && recipes.containsKey(path.path())) {
            names.add(path.path());
        }
    }

    /** Whether a recipe is made of others' outputs. */
    public boolean dependsOnOthers(ParsedRecipe document) {
        String name = document.recipe().name();
        return !dependencies.get(name == null ? UNNAMED : name).isEmpty();
    }

    /**
     * All recipes, each behind those that it is made of; else in the order of the file.
     *
     * @throws AmalgamException with {@code RECIPE_INVALID} if recipes are made of each other in a circle
     */
    public List<ParsedRecipe> order() {
        List<ParsedRecipe> order = new ArrayList<>();
        Set<String> done = new LinkedHashSet<>();
        for (String name : recipes.keySet()) {
            visit(name, new LinkedHashSet<>(), done, order);
        }
        return order;
    }

    private void visit(String name, Set<String> path, Set<String> done, List<ParsedRecipe> order) {
        if (done.contains(name)) {
            return;
        }
        if (!path.add(name)) {
            throw new AmalgamException(List.of(problem(
                    recipes.get(name),
                    recipes.get(name).recipe().position("name"),
                    "The recipes " + String.join(" → ", path) + " → " + name
                            + " are made of each other; none of them can be the first.")));
        }
        dependencies.get(name).forEach(each -> visit(each, path, done, order));
        path.remove(name);
        done.add(name);
        order.add(recipes.get(name));
    }
}
