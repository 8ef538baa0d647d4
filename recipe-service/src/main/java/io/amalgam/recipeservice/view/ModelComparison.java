package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * Any two models on the questions that both have answered.
 *
 * @param first a model
 * @param second another one
 * @param average the mean over the tasks, each counting the same, or null if there is none
 * @param tasks that both have answers to, by name
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelComparison(Model first, Model second, Paired average, List<Task> tasks) {

    /**
     * A compared model.
     *
     * @param name of it
     * @param identity its fixed identity
     * @param artifact its artifact key, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Model(String name, String identity, String artifact) {
    }

    /**
     * A paired difference: the first model's value less the second's, on the same questions.
     *
     * @param questions that both answered
     * @param first the first model's value on them
     * @param second the second model's value on them
     * @param difference of the two
     * @param standardError of the difference, or null with fewer than two questions
     * @param low end of its 95 % interval
     * @param high end of its 95 % interval
     * @param onlyFirst questions on which the first model scored more
     * @param onlySecond questions on which the second model scored more
     * @param pValue of McNemar's exact test where answers are right or wrong, else of a normal test
     * @param agreement the share of questions to which both gave the same answer
     * @param verdict in a word
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Paired(
            int questions, double first, double second, double difference, Double standardError, double low,
            double high, int onlyFirst, int onlySecond, double pValue, double agreement, String verdict) {
    }

    /**
     * A task.
     *
     * @param task its name
     * @param metric that is compared
     * @param paired the difference on it
     * @param differing how many questions they scored differently on
     * @param questions the first of them, if questions were asked for
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Task(String task, String metric, Paired paired, int differing, List<Question> questions) {
    }

    /**
     * A question on which the models scored differently.
     *
     * @param index its position in the task
     * @param id its name in the data set
     * @param category the part of the task that it belongs to, or null
     * @param prompt what the models saw, or null where the task is confidential
     * @param target the right answer, or null where the task is confidential
     * @param first what the first model answered
     * @param second what the second model answered
     * @param firstValue the first model's value of the metric
     * @param secondValue the second model's value of the metric
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Question(
            int index, String id, String category, String prompt, String target, String first, String second,
            double firstValue, double secondValue) {
    }
}
