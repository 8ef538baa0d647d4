package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;

/**
 * What waits, what runs, and who works on it.
 *
 * @param queue what waits
 * @param workers that were heard of lately, the last heard of first
 * @param merges that have not ended, the oldest first
 * @param evaluations that have not ended, the oldest first
 */
public record LineView(Queue queue, List<Worker> workers, List<MergeView> merges, List<Evaluation> evaluations) {

    /**
     * What waits.
     *
     * @param requests merges that no coordinator has planned
     * @param chunks of planned merges that are not done
     * @param slices of questions that are not answered
     * @param deadLetters records that were given up
     */
    public record Queue(long requests, long chunks, long slices, long deadLetters) {
    }

    /**
     * A worker, by what it reported; one that has done nothing yet is not known here.
     *
     * @param name of it
     * @param kind {@code merge} or {@code evaluation}
     * @param done chunks or slices of questions that it finished
     * @param failed chunks that failed with it
     * @param bytes that it read and wrote
     * @param questions that it answered
     * @param busyMilliseconds that its work took, added up
     * @param lastAt when it last reported
     */
    public record Worker(
            String name, String kind, long done, long failed, long bytes, long questions, long busyMilliseconds,
            Instant lastAt) {

        /** Bytes a second of work, 0 if it moved none. */
        public double bytesPerSecond() {
            return busyMilliseconds == 0 ? 0 : bytes * 1000.0 / busyMilliseconds;
        }

        /** Questions a second of work, 0 if it answered none. */
        public double questionsPerSecond() {
            return busyMilliseconds == 0 ? 0 : questions * 1000.0 / busyMilliseconds;
        }
    }

    /**
     * An evaluation that runs.
     *
     * @param id of it
     * @param artifact that it scores, or null until that is known
     * @param name of the artifact, or null
     * @param questionsDone answered so far
     * @param questions of all tasks and models, as far as they are known
     * @param startedAt when it was first heard of
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Evaluation(
            String id, String artifact, String name, long questionsDone, long questions, Instant startedAt) {
    }
}
