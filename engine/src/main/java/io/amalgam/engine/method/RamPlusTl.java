package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import java.util.List;

/** RAM with unique changes amplified by how much of a model's change is shared, tensor by tensor. */
final class RamPlusTl implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.optional(
                    "r",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    0.1,
                    "How strongly unique changes are amplified."),
            MethodParameter.optional(
                    "alpha",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    0.2,
                    "The most that the ratio of shared to unique changes counts."),
            MethodParameter.optional(
                    "epsilon",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    1e-5,
                    "The size above which a change counts."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 1, Integer.MAX_VALUE, true, InputRule.Incomplete.MERGE_REMAINING);

    @Override
    public String name() {
        return "ramplus_tl";
    }

    @Override
    public String summary() {
        return "RAM with unique changes amplified by how much of a model's change is shared, tensor by tensor.";
    }

    @Override
    public String formula() {
        return "as ram, unique changes × λ_i = 1 + r clamp(shared_i / unique_i, 0, α)";
    }

    @Override
    public String paper() {
        return "Yuan et al. 2026, Behavior knowledge merge in reinforced agentic models, arXiv:2601.13572";
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
    public DType outputType(DType arithmetic) {
        return arithmetic == DType.F64 ? DType.F64 : DType.F32;
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return new OverlapMerge(task, true);
    }
}
