package io.amalgam.engine.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RecipeGraphTest {

    /** A recipe with a name (or none) and models. */
    private static String recipe(String name, String... models) {
        return (name.isEmpty() ? "" : "name: " + name + "\n") + "merge_method: linear\nmodels: ["
                + Arrays.stream(models).map(model -> "{model: " + model + "}").collect(Collectors.joining(", ")) + "]\n";
    }

    private static RecipeGraph graph(String... recipes) {
        return RecipeGraph.of(RecipeParser.parseAll(String.join("---\n", recipes), "recipes.yml"));
    }

    private static void assertRefused(String words, String... recipes) {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> graph(recipes));
        assertTrue(refusal.getMessage().contains(words), refusal::getMessage);
    }

    @Test
    void recipesFollowThoseThatTheyAreMadeOf() {
        RecipeGraph graph = graph(recipe("", "b", "x"), recipe("b", "a+c"), recipe("a", "x"), recipe("c", "x"));
        List<ParsedRecipe> order = graph.order();
        assertEquals(
                Arrays.asList("a", "c", "b", null),
                order.stream().map(document -> document.recipe().name()).toList());
        assertFalse(graph.dependsOnOthers(order.getFirst()));
        assertTrue(graph.dependsOnOthers(order.getLast()));
    }

    @Test
    void aRevisionIsNotARecipe() {
        assertFalse(graph(recipe("a", "x"), recipe("b", "a@main")).order().isEmpty());
    }

    @Test
    void circlesAreRefused() {
        assertRefused("a → b → a", recipe("a", "b"), recipe("b", "a"));
        assertRefused("a → a", recipe("a", "a"), recipe("b", "x"));
    }

    @Test
    void namesAreDifferentAndNamesOfFolders() {
        assertRefused("the name \"a\"", recipe("a", "x"), recipe("a", "y"));
        assertRefused("no name", recipe("", "x"), recipe("", "y"));
        assertRefused("../up", recipe("../up", "x"), recipe("b", "y"));
    }

    @Test
    void faultsOfAnyRecipeAreReported() {
        assertRefused("models, slices and modules", recipe("a", "x"), "merge_method: linear\n");
    }
}
