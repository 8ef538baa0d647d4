package io.amalgam.recipeservice.merge;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.plan.MergeCost;
import java.util.List;

/**
 * What a preflight found, without starting anything.
 *
 * @param accepted whether the recipe would be accepted
 * @param artifact key of what it would make, or null
 * @param exists whether that artifact exists already
 * @param cost what it would take, or null
 * @param models that it reads, with the identities they were resolved to
 * @param problems errors, warnings and notes
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Plan(
        boolean accepted, String artifact, boolean exists, MergeCost cost, List<Model> models,
        List<ProblemView> problems) {

    /** A model of a recipe, as it was written and what it was resolved to. */
    public record Model(String reference, String identity) {
    }
}
