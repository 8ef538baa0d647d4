package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;

/**
 * Every model that has scores, the best on average first.
 *
 * @param tasks columns, by name
 * @param averagedTasks the tasks that averages, and differences of averages, are over
 * @param rows models
 */
public record Leaderboard(List<Task> tasks, List<String> averagedTasks, List<Row> rows) {

    /**
     * A column. Scores with other data or another way of asking are not comparable and stay out.
     *
     * @param name of the task
     * @param digest of its data and the way it is asked
     * @param metric the one that counts
     * @param chance what guessing scores
     * @param floor what the best constant answer scores
     */
    public record Task(String name, String digest, String metric, double chance, double floor) {
    }

    /**
     * A cell.
     *
     * @param value of the task's metric
     * @param standardError of it
     * @param questions that were asked
     * @param limited whether only some of the task's questions were asked
     */
    public record Cell(double value, double standardError, int questions, boolean limited) {
    }

    /**
     * A model's place.
     *
     * @param name of the model
     * @param identity its fixed identity
     * @param role {@code ARTIFACT}, {@code PARENT} or {@code BASE}
     * @param artifact its artifact key, or null
     * @param average over the averaged tasks, or null if the model lacks a score of one of them
     * @param cells by task
     * @param bestParent how an artifact compares with the best of its parents, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Row(
            String name, String identity, String role, String artifact, Average average, Map<String, Cell> cells,
            Difference bestParent) {
    }

    /** A mean over tasks, each counting the same, with its standard error and the questions behind it. */
    public record Average(double value, double standardError, int questions) {
    }

    /**
     * The mean over tasks of the paired differences to one parent.
     *
     * @param parent name of the parent (or base) with the highest average
     * @param value the artifact's mean less the parent's, on the same questions
     * @param standardError of the difference
     * @param low end of its 95 % interval
     * @param high end of its 95 % interval
     */
    public record Difference(String parent, double value, double standardError, double low, double high) {
    }
}
