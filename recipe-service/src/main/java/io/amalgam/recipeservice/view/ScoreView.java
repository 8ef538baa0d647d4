package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.Map;

/**
 * What a model scored on a task.
 *
 * @param task its name
 * @param taskDigest of its data and the way it is asked
 * @param metric the one that counts
 * @param value of that metric
 * @param standardError of that metric
 * @param questions that were asked
 * @param chance what guessing scores
 * @param floor what the best constant answer scores
 * @param limited whether only some of the task's questions were asked
 * @param metrics all metrics, with names as lm-evaluation-harness has them
 * @param standardErrors of them
 * @param recordedAt when
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ScoreView(
        String task, String taskDigest, String metric, double value, double standardError, int questions,
        double chance, double floor, boolean limited, Map<String, Double> metrics,
        Map<String, Double> standardErrors, Instant recordedAt) {
}
