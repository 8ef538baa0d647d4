package io.amalgam.evaluation.task;

import java.util.List;
import java.util.OptionalDouble;

/**
 * A benchmark task: questions, how they are asked, and how answers are scored.
 *
 * <p>A task is a pure function of its data: the same {@link #digest()} means the same questions in the same order, the
 * same prompts and the same scoring. Implementations are safe for use by several threads.
 */
public interface BenchmarkTask {

    /** How a model answers. */
    enum OutputType {
        /** By the log-likelihoods of given choices. */
        MULTIPLE_CHOICE("multiple_choice"),
        /** By generating text greedily. */
        GENERATION("generate_until");

        private final String label;

        OutputType(String label) {
            this.label = label;
        }

        /** Returns lm-evaluation-harness's word for it. */
        public String label() {
            return label;
        }
    }

    /** The name, unique in a catalogue. */
    String name();

    /** The SHA-256 of all that makes up the task: data, prompt texts, version of the definition, in hexadecimal. */
    String digest();

    /** The version of the task's definition, as lm-evaluation-harness counts it. */
    String version();

    /** The number of questions that there are data for. */
    int size();

    /** The number of questions of the whole benchmark; more than {@link #size()} where the data are a sample of it. */
    default int fullSize() {
        return size();
    }

    /** How a model answers. */
    OutputType outputType();

    /** The number of worked examples in each prompt. */
    int shots();

    /** The metrics, the primary one first. */
    List<String> metrics();

    /** The metric by which models are ranked. */
    default String primaryMetric() {
        return metrics().getFirst();
    }

    /** The expected primary metric of an answer at random, over all questions; 0 where answers are generated. */
    double chance();

    /** The best primary metric that an answer which ignores the question can reach: always the same choice. */
    double bestConstantAnswer();

    /** What text that means nothing scores, where that is known and not zero (IFEval's "garbage floor"). */
    default OptionalDouble garbageFloor() {
        return OptionalDouble.empty();
    }

    /** The value that the Open LLM Leaderboard maps to 0; empty for tasks that are not part of it. */
    default OptionalDouble leaderboardBound() {
        return OptionalDouble.empty();
    }

    /** Whether questions must not appear in the clear in results, logs and exports, as the authors of GPQA ask. */
    default boolean confidential() {
        return false;
    }

    /**
     * Returns a question.
     *
     * @param index from 0 to {@link #size()} - 1
     */
    Question question(int index);

    /** Scores an answer to a question of this task. A pure function: scores can be recomputed without a model. */
    Verdict score(Question question, Answer answer);
}
