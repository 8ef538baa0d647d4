package io.amalgam.engine.method;

import java.util.List;

/** Selects positions by variance, calculates weights by energy, erases minority signs. */
final class Sce implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "select_topk",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1.0,
                    "The share of positions that is kept."),
            TaskVectorParameters.INT8_MASK);
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "sce";
    }

    @Override
    public String summary() {
        return "Selects positions by variance, calculates weights by energy, erases minority signs.";
    }

    @Override
    public String formula() {
        return "b + sum(ω_i v_i m_i) / sum(ω_i m_i); v_i = x_i - b at the top positions by variance, "
                + "ω_i = mean(v_i²) / sum, m_i = sign agreement";
    }

    @Override
    public String paper() {
        return "Wan et al. 2024, FuseChat: knowledge fusion of chat models, arXiv:2408.07990";
    }

    @Override
    public InputRule inputs() {
        return INPUTS;
    }

    @Override
    public Passes passes() {
        return Passes.STATISTICS_FIRST;
    }

    @Override
    public List<MethodParameter> parameters() {
        return PARAMETERS;
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new SceMerge(task);
    }

    /**
     * Returns how many positions are kept, of so many whose variance is not zero. As MergeKit has it, whose count is a
     * tensor of integers: times a number, that is float32, in which 100 × 0.29 is 29, and in large tensors a product
     * just below a whole number reaches it.
     */
    static long kept(long nonZero, double share) {
        return (long) ((float) nonZero * (float) share);
    }
}
