package io.amalgam.evaluation.task;

/** The names of the metrics, as lm-evaluation-harness has them wherever it has the same metric. */
public final class Metrics {
    /** Accuracy: the most likely choice is the right one. */
    public static final String ACCURACY = "acc";
    /** Accuracy of the choice with the greatest log-likelihood per character. */
    public static final String NORMALISED_ACCURACY = "acc_norm";
    /** The answer equals the target; for MATH, judged by the {@code math_verify} library itself. */
    public static final String EXACT_MATCH = "exact_match";
    /** MATH by Minerva's string normalisation, the leaderboard's metric until February 2025. */
    public static final String EXACT_MATCH_ORIGINAL = "exact_match_original";
    /** MATH by our own equivalence checker, which is not {@code math_verify} and is therefore not named as it. */
    public static final String EXACT_MATCH_EQUIVALENCE = "exact_match_jv";
    /** IFEval: every instruction of the prompt is followed. */
    public static final String PROMPT_STRICT = "prompt_level_strict_acc";
    /** IFEval: an instruction is followed. */
    public static final String INSTRUCTION_STRICT = "inst_level_strict_acc";
    /** IFEval: every instruction is followed by some mildly edited variant of the answer. */
    public static final String PROMPT_LOOSE = "prompt_level_loose_acc";
    /** IFEval: an instruction is followed by some mildly edited variant of the answer. */
    public static final String INSTRUCTION_LOOSE = "inst_level_loose_acc";

    private Metrics() {
    }

    /** Whether a question counts several times, a part each, so that the mean has no standard error in closed form. */
    public static boolean countsParts(String metric) {
        return metric.equals(INSTRUCTION_STRICT) || metric.equals(INSTRUCTION_LOOSE);
    }
}
