package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import java.util.List;
import java.util.Map;

/** Takes the second model's weights only where they matter most. */
final class ArceeFusion implements MergeMethod {
    /** Tensors with more elements are judged by a sample. */
    static final long SAMPLED_ABOVE = 1_000_000;
    /** Elements of the sample, drawn with replacement. */
    static final int SAMPLES = 1_000_000;
    private static final List<MethodParameter> PARAMETERS = List.of();
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 2, 2, true, InputRule.Incomplete.PASS_LONE_INPUT);

    @Override
    public String name() {
        return "arcee_fusion";
    }

    @Override
    public String summary() {
        return "Takes the second model's weights only where they matter most.";
    }

    @Override
    public String formula() {
        return "b + (x - b) where |x - b| KL(row of x, row of b) ≥ median + 1.5 interquartile range";
    }

    @Override
    public String paper() {
        return "Arcee AI 2024, Arcee Fusion (MergeKit)";
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
    public long draws(long elements, Map<String, Object> parameters, boolean base) {
        if (elements <= SAMPLED_ABOVE || base) {
            return 0;
        }
        return elements < ArceeFusionMerge.WIDE ? SAMPLES : 2L * SAMPLES;
    }

    @Override
    public TensorMerge begin(TensorTask task) {
        return task.inputs() == 1 ? new LoneInput(task, 0) : new ArceeFusionMerge(task);
    }
}
