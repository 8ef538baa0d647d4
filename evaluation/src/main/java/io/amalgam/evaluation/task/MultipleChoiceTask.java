package io.amalgam.evaluation.task;

import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/**
 * A task whose questions have choices, scored by their log-likelihoods: {@code acc} and {@code acc_norm}.
 *
 * <p>{@code acc} takes the most likely choice; {@code acc_norm} the one with the greatest log-likelihood per character
 * (Unicode code point) of the bare choice. Ties go to the first choice.
 */
public final class MultipleChoiceTask implements BenchmarkTask {
    private final Definition definition;
    private final List<Question> questions;
    private final double chance;
    private final double bestConstantAnswer;

    /**
     * What a task is, besides its questions.
     *
     * @param name its name
     * @param version the version of its definition
     * @param digest the digest of all that makes it up
     * @param fullSize the number of questions of the whole benchmark, or 0 for as many as there are
     * @param shots the number of worked examples
     * @param primaryMetric {@code acc} or {@code acc_norm}
     * @param leaderboardBound what the Open LLM Leaderboard maps to 0, or empty
     * @param confidential whether questions must not be written down
     */
    public record Definition(
            String name,
            String version,
            String digest,
            int fullSize,
            int shots,
            String primaryMetric,
            OptionalDouble leaderboardBound,
            boolean confidential) {
    }

    /** A task with its questions. */
    public MultipleChoiceTask(Definition definition, List<Question> questions) {
        this.definition = Objects.requireNonNull(definition, "definition");
        this.questions = List.copyOf(questions);
        double sum = 0;
        int widest = 0;
        for (Question question : this.questions) {
            sum += 1.0 / question.choices().size();
            widest = Math.max(widest, question.choices().size());
        }
        chance = sum / this.questions.size();
        int[] golds = new int[widest];
        int best = 0;
        for (Question question : this.questions) {
            if (question.gold() >= 0) {
                best = Math.max(best, ++golds[question.gold()]);
            }
        }
        bestConstantAnswer = (double) best / this.questions.size();
    }

    @Override
    public String name() {
        return definition.name();
    }

    @Override
    public String digest() {
        return definition.digest();
    }

    @Override
    public String version() {
        return definition.version();
    }

    @Override
    public int size() {
        return questions.size();
    }

    @Override
    public int fullSize() {
        return definition.fullSize() == 0 ? questions.size() : definition.fullSize();
    }

    @Override
    public OutputType outputType() {
        return OutputType.MULTIPLE_CHOICE;
    }

    @Override
    public int shots() {
        return definition.shots();
    }

    @Override
    public List<String> metrics() {
        return definition.primaryMetric().equals(Metrics.ACCURACY)
                ? List.of(Metrics.ACCURACY, Metrics.NORMALISED_ACCURACY)
                : List.of(Metrics.NORMALISED_ACCURACY, Metrics.ACCURACY);
    }

    @Override
    public double chance() {
        return chance;
    }

    @Override
    public double bestConstantAnswer() {
        return bestConstantAnswer;
    }

    @Override
    public OptionalDouble leaderboardBound() {
        return definition.leaderboardBound();
    }

    @Override
    public boolean confidential() {
        return definition.confidential();
    }

    @Override
    public Question question(int index) {
        return questions.get(index);
    }

    @Override
    public Verdict score(Question question, Answer answer) {
        if (!(answer instanceof Answer.Choices choices)
                || choices.logLikelihoods().size() != question.choices().size()) {
            throw new IllegalArgumentException("question " + question.id() + " needs a log-likelihood a choice");
        }
        int likeliest = choices.mostLikely();
        int likeliestByCharacter = choices.mostLikelyByCharacter(question.choices());
        int chosen = primaryMetric().equals(Metrics.ACCURACY) ? likeliest : likeliestByCharacter;
        return Verdict.of(
                Metrics.ACCURACY, likeliest == question.gold(),
                Metrics.NORMALISED_ACCURACY, likeliestByCharacter == question.gold(),
                question.choices().get(chosen));
    }
}
