package io.amalgam.engine.plan;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.Problem;
import java.util.List;
import java.util.Optional;

/**
 * What a preflight found.
 *
 * @param problems errors, warnings and notes; the recipe's by line, then those without a place
 * @param pinned the pinned recipe; empty if there is an error
 * @param plan what {@link Planner#plan(PinnedRecipe)} makes of it, so that nobody in this process plans again; empty if
 *     there is an error
 * @param cost what the merge will take; {@link MergeCost#NONE} if there is an error
 */
public record PreflightResult(
        List<Problem> problems, Optional<PinnedRecipe> pinned, Optional<MergePlan> plan, MergeCost cost) {

    /** Keeps the list as it is now. */
    public PreflightResult {
        problems = List.copyOf(problems);
    }

    /**
     * Returns the pinned recipe.
     *
     * @throws AmalgamException with all errors if there are any
     */
    public PinnedRecipe orThrow() {
        return pinned.orElseThrow(this::refusal);
    }

    /**
     * Returns the plan.
     *
     * @throws AmalgamException with all errors if there are any
     */
    public MergePlan planOrThrow() {
        return plan.orElseThrow(this::refusal);
    }

    private AmalgamException refusal() {
        return new AmalgamException(problems.stream()
                .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                .toList());
    }
}
