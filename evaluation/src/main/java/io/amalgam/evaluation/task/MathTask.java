package io.amalgam.evaluation.task;

import io.amalgam.evaluation.score.math.MathEquivalence;
import io.amalgam.evaluation.score.math.MinervaNormalizer;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;

/** A subject of MATH, level 5: solutions are generated, and their final answers compared with the boxed one. */
final class MathTask implements BenchmarkTask {
    /** Where a solution ends. */
    static final Question.Generation GENERATION = new Question.Generation(List.of("Problem:"), 1_024);

    private static final String VERSION = "3.0";

    private final String name;
    private final String digest;
    private final int shots;
    private final MinervaNormalizer normalizer;
    private final List<Question> questions;
    private final List<String> solutions;

    /**
     * A subject.
     *
     * @param questions its questions, whose targets are the boxed answers
     * @param solutions the reference solutions, one a question
     */
    MathTask(
            String name,
            String digest,
            int shots,
            MinervaNormalizer normalizer,
            List<Question> questions,
            List<String> solutions) {
        this.name = Objects.requireNonNull(name, "name");
        this.digest = Objects.requireNonNull(digest, "digest");
        this.shots = shots;
        this.normalizer = Objects.requireNonNull(normalizer, "normalizer");
        this.questions = List.copyOf(questions);
        this.solutions = List.copyOf(solutions);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String digest() {
        return digest;
    }

    @Override
    public String version() {
        return VERSION;
    }

    @Override
    public int size() {
        return questions.size();
    }

    @Override
    public OutputType outputType() {
        return OutputType.GENERATION;
    }

    @Override
    public int shots() {
        return shots;
    }

    @Override
    public List<String> metrics() {
        return List.of(Metrics.EXACT_MATCH_EQUIVALENCE, Metrics.EXACT_MATCH_ORIGINAL);
    }

    @Override
    public double chance() {
        return 0;
    }

    @Override
    public double bestConstantAnswer() {
        return ConstantAnswers.best(questions, false);
    }

    @Override
    public OptionalDouble leaderboardBound() {
        return OptionalDouble.of(0);
    }

    @Override
    public Question question(int index) {
        return questions.get(index);
    }

    @Override
    public Verdict score(Question question, Answer answer) {
        String text = ((Answer.Generated) answer).text();
        String extracted = MinervaNormalizer.extract(text);
        return Verdict.of(
                Metrics.EXACT_MATCH_EQUIVALENCE, MathEquivalence.verify(solutions.get(question.index()), text),
                Metrics.EXACT_MATCH_ORIGINAL, normalizer.equivalent(question.target(), extracted),
                extracted);
    }
}
