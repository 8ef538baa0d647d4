package io.amalgam.recipeservice.merge;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.plan.MergeCost;
import java.util.List;

/**
 * What became of an order.
 *
 * @param outcome whether it was started, joined, or done already
 * @param id of the merge, or null if the artifact was made by another installation on the same store
 * @param artifact key of what it makes
 * @param attempt at that key, from 1
 * @param state of the merge
 * @param cost what it takes
 * @param problems warnings and notes of the preflight
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Submission(
        Outcome outcome, String id, String artifact, int attempt, String state, MergeCost cost,
        List<ProblemView> problems) {

    /** What was done with an order. */
    public enum Outcome {
        /** A new merge was started. */
        STARTED,
        /** A merge that makes the same artifact was running. */
        JOINED,
        /** The artifact exists. */
        COMPLETE
    }
}
