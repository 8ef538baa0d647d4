package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.util.List;

/** Interpolates between two models along the arc between their directions. */
final class Slerp implements MergeMethod {
    private static final List<MethodParameter> PARAMETERS = List.of(
            MethodParameter.required(
                    "t",
                    MethodParameter.Type.FLOAT,
                    MethodParameter.Scope.SHARED,
                    "Where on the arc: 0 is the base model, 1 the other."));
    private static final InputRule INPUTS =
            new InputRule(InputRule.BaseRule.REQUIRED, 2, 2, true, InputRule.Incomplete.PASS_LONE_INPUT);

    @Override
    public String name() {
        return "slerp";
    }

    @Override
    public String summary() {
        return "Interpolates between two models along the arc between their directions.";
    }

    @Override
    public String formula() {
        return "(sin((1-t)θ) b + sin(tθ) x) / sin θ, cos θ = b·x / (|b||x|); nearly parallel: (1-t) b + t x";
    }

    @Override
    public String paper() {
        return "Shoemake 1985, Animating rotation with quaternion curves";
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
        return task.inputs() == 1 ? new LoneInput(task, 0) : new Merge(task);
    }

    /** Computes in binary32 (binary64 for F64) and rounds once, whatever the type. */
    private static final class Merge extends PointwiseMerge {
        private static final double LEAST_NORM = 1e-8;
        private static final double NEARLY_PARALLEL = 0.9995;

        private final Kernels wide;
        private final int other;
        private final StripSums sums;
        private boolean measured;
        private double baseFactor;
        private double otherFactor;

        Merge(TensorTask task) {
            super(task);
            wide = kernels.type() == DType.F64 ? kernels : Kernels.of(DType.F32);
            other = 1 - task.base();
            sums = new StripSums(task.strips(stripLength()), 3);
        }

        @Override
        public Pass nextPass() {
            if (measured) {
                return null;
            }
            measured = true;
            return new TilePass() {
                @Override
                protected void tile(Strip strip, int from, int length) {
                    Tile v0 = strip.input(task.base(), from, length);
                    Tile v1 = strip.input(other, from, length);
                    sums.add(strip.index(), 0, wide.reductions().dot(v0, v0, length));
                    sums.add(strip.index(), 1, wide.reductions().dot(v1, v1, length));
                    sums.add(strip.index(), 2, wide.reductions().dot(v0, v1, length));
                }

                @Override
                public void complete() {
                    setFactors();
                }
            };
        }

        private void setFactors() {
            double norm0 = norm(sums.total(0));
            double norm1 = norm(sums.total(1));
            double dot = Math.clamp(wide.round(sums.total(2) / (norm0 * norm1)), -1, 1);
            double t = wide.round(task.number("t"));
            if (Math.abs(dot) > NEARLY_PARALLEL) {
                baseFactor = wide.round(1 - t);
                otherFactor = t;
                return;
            }
            double angle = wide.round(StrictMath.acos(dot));
            double sine = wide.round(StrictMath.sin(angle));
            baseFactor = wide.round(wide.round(StrictMath.sin(wide.round(wide.round(1 - t) * angle))) / sine);
            otherFactor = wide.round(wide.round(StrictMath.sin(wide.round(t * angle))) / sine);
        }

        private double norm(double squares) {
            double norm = wide.round(Math.sqrt(squares));
            return norm <= LEAST_NORM ? 1 : norm;
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            Tile result = strip.scratch(0, length);
            wide.arithmetic()
                    .blend(
                            result,
                            strip.input(task.base(), from, length),
                            baseFactor,
                            strip.input(other, from, length),
                            otherFactor,
                            length);
            return result;
        }
    }
}
