package io.amalgam.performance;

import java.util.Set;

/** When an output agrees with MergeKit's. */
enum AgreementRule {
    /** All bits are equal. */
    BIT_FOR_BIT("bit for bit", 0, 0),
    /** Methods of norms and angles: at most 0.5 % of a tensor, or eight weights, one step apart. */
    ONE_STEP("0.5 % of a tensor by one step", 0.005, 8),
    /** Methods that choose: at most 0.2 % of a tensor, or two weights, each with or without its change in both outputs. */
    A_CHOICE("0.2 % of a tensor, each chosen the other way", 0.002, 2);

    private static final Set<String> OF_ANGLES = Set.of("slerp", "nuslerp", "multislerp", "karcher");

    private final String words;
    private final double share;
    private final long few;

    AgreementRule(String words, double share, long few) {
        this.words = words;
        this.share = share;
        this.few = few;
    }

    /** The rule for a method. */
    static AgreementRule of(String method) {
        if (method.equals("arcee_fusion")) {
            return A_CHOICE;
        }
        return OF_ANGLES.contains(method) ? ONE_STEP : BIT_FOR_BIT;
    }

    /** The rule in words. */
    String inWords() {
        return words;
    }

    /** Whether a tensor agrees. */
    boolean holds(OutputComparison.TensorDifference tensor) {
        if (tensor.different() == 0) {
            return true;
        }
        boolean rare = tensor.different() <= few || tensor.share() <= share;
        return switch (this) {
            case BIT_FOR_BIT -> false;
            case ONE_STEP -> rare && tensor.ulps() <= 1;
            case A_CHOICE -> rare && tensor.foreign() == 0;
        };
    }
}
