package io.amalgam.recipeservice.view;

/**
 * An artifact against one of its parents, on the same questions of a task.
 *
 * @param parent the parent's name
 * @param parentIdentity its fixed identity
 * @param task the task's name
 * @param metric that is compared
 * @param questions that both answered
 * @param difference the artifact's value less the parent's
 * @param standardError of the difference, paired
 * @param low end of its 95 % interval
 * @param high end of its 95 % interval
 * @param better questions that only the artifact answered rightly
 * @param worse questions that only the parent answered rightly
 * @param pValue of McNemar's exact test
 * @param verdict in a word
 */
public record ComparisonView(
        String parent, String parentIdentity, String task, String metric, int questions, double difference,
        double standardError, double low, double high, int better, int worse, double pValue, String verdict) {
}
