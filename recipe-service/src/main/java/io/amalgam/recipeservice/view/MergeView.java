package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A merge as clients see it: one attempt at an artifact key.
 *
 * @param id of the merge
 * @param artifact the key of what it makes
 * @param attempt from 1
 * @param name that the request gave it
 * @param method the recipe's merge method
 * @param state {@code requested}, {@code running}, or the terminal {@code completed}, {@code failed}, {@code cancelled}
 * @param benchmarks tasks that the artifact is scored with
 * @param requestedAt when it was accepted
 * @param plannedAt when its chunks were known, or null
 * @param finishedAt when it ended, or null
 * @param chunks output shards; 0 until it is planned
 * @param chunksDone of them, those that lie in the store
 * @param chunksRetried attempts at chunks that had to be repeated
 * @param bytesToRead of its models, as planned
 * @param bytesToWrite of its artifact, as planned
 * @param bytesRead so far
 * @param bytesWritten so far
 * @param cancellation who asked that it end, or null
 * @param error why it failed or was cancelled, or null
 * @param evaluation how far the scoring of its artifact is, or null
 * @param lastEvent number of the newest event
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MergeView(
        UUID id,
        String artifact,
        int attempt,
        String name,
        String method,
        String state,
        List<String> benchmarks,
        Instant requestedAt,
        Instant plannedAt,
        Instant finishedAt,
        int chunks,
        int chunksDone,
        int chunksRetried,
        long bytesToRead,
        long bytesToWrite,
        long bytesRead,
        long bytesWritten,
        Cancellation cancellation,
        Failure error,
        EvaluationView evaluation,
        int lastEvent) {

    /** Who asked that a merge end, and why. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Cancellation(String by, String reason, Instant at) {
    }

    /** Why something ended without success. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Failure(String code, String message) {
    }

    /**
     * How far the scoring of an artifact, its parents and its base is.
     *
     * @param id of the evaluation
     * @param state {@code running}, or the terminal {@code completed}, {@code failed}, {@code cancelled}
     * @param questionsDone answered so far; those that were answered for an earlier artifact are not asked again
     * @param questions of all tasks and models that are asked, as far as they are known
     * @param error why it failed, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record EvaluationView(String id, String state, long questionsDone, long questions, Failure error) {
    }

    /** Whether it has ended. */
    public boolean terminal() {
        return switch (state) {
            case "completed", "failed", "cancelled" -> true;
            default -> false;
        };
    }

    /** Whether nothing more will be told: it ended without an artifact, or its artifact needs no (further) scoring. */
    public boolean settled() {
        return switch (state) {
            case "failed", "cancelled" -> true;
            case "completed" -> benchmarks.isEmpty() || evaluation != null && !evaluation.state().equals("running");
            default -> false;
        };
    }
}
