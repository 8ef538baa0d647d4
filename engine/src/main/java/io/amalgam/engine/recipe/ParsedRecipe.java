package io.amalgam.engine.recipe;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Objects;

/**
 * What came of reading a recipe.
 *
 * @param recipe the recipe, or null if its problems leave nothing to work with; where it is not null in spite of
 *     errors, what could be read is there, so that later checks can report their errors too
 * @param problems errors, warnings and notes, in the order of their lines
 * @param text the document as it was written
 * @param file its name for messages
 */
public record ParsedRecipe(Recipe recipe, List<Problem> problems, String text, String file) {

    /** Keeps the list as it is now. */
    public ParsedRecipe {
        problems = List.copyOf(problems);
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(file, "file");
    }

    /** Whether the recipe cannot be used. */
    public boolean hasErrors() {
        return recipe == null || problems.stream().anyMatch(problem -> problem.severity() == Problem.Severity.ERROR);
    }

    /**
     * Returns the recipe.
     *
     * @throws AmalgamException with all problems if there is an error among them
     */
    public Recipe orThrow() {
        if (hasErrors()) {
            throw new AmalgamException(problems);
        }
        return recipe;
    }
}
