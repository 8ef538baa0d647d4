package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.util.List;

/** Weighted mean of the models' weights. */
final class Linear implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "weight",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.PER_INPUT,
                    "The model's share."),
            MethodParameter.optional(
                    "normalize",
                    MethodParameter.Type.BOOLEAN,
                    MethodParameter.Scope.SHARED,
                    true,
                    "Whether the sum is divided by the sum of the weights."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.ORDINARY_INPUT, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "linear";
    }

    @Override
    public String summary() {
        return "Weighted mean of the models' weights.";
    }

    @Override
    public String formula() {
        return "sum(w_i x_i) / sum(w_i); without normalize, sum(w_i x_i)";
    }

    @Override
    public String paper() {
        return "Wortsman et al. 2022, Model soups, arXiv:2203.05482";
    }

    @Override
    public InputRule inputs() {
        return INPUTS;
    }

    @Override
    public Passes passes() {
        return Passes.ONE;
    }

    @Override
    public List<MethodParameter> parameters() {
        return PARAMETERS;
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new Merge(task);
    }

    /** Accumulates in binary32 (binary64 for F64) by fused multiply-adds and rounds once, whatever the type. */
    private static final class Merge extends PointwiseMerge {
        private final Kernels wide;
        private final double[] weights;
        private final double divisor;

        Merge(TensorTask task) {
            super(task);
            wide = kernels.type() == DType.F64 ? kernels : Kernels.of(DType.F32);
            weights = new double[task.inputs()];
            double sum = 0;
            for (int input = 0; input < weights.length; input++) {
                weights[input] = wide.round(task.number(input, "weight"));
                sum = wide.round(sum + weights[input]);
            }
            divisor = task.flag("normalize") ? sum : 1;
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            Tile sum = strip.scratch(0, length);
            wide.arithmetic().fill(sum, 0, length);
            for (int input = 0; input < weights.length; input++) {
                strip.multiplyAdd(input, from, wide, sum, weights[input], length);
            }
            if (divisor != 1) {
                wide.arithmetic().divideBy(sum, sum, divisor, length);
            }
            return sum;
        }
    }
}
