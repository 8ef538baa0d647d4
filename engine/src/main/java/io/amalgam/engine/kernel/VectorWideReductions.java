package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ReductionKernels} on vectors of 512 bits; a template of {@link VectorTemplates}. The sixteen partial sums lie in two
 * vectors, each fed by eight floats that are widened as they are loaded; products are rounded eight at a time, in
 * registers.
 */
final class VectorWideReductions implements ReductionKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorShape.S_256_BIT);
    private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, VectorShape.S_512_BIT);
    private static final Rounding ROUNDING = CONSTANTS.rounding();
    private static final LaneRounder ROUNDER = CONSTANTS.ofHalfWidth().rounder();
    /** Elements of one vector of partial sums. */
    private static final int WIDTH = 8;

    private final ScalarReductions scalar = new ScalarReductions(ROUNDING);

    @Override
    public double sum(Tile a, int length) {
        float[] x = a.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, x, i));
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH));
        }
        double[] lanes = Lanes.lanes(s0, s1);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += x[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double sumOfMagnitudes(Tile a, int length) {
        float[] x = a.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, x, i).abs());
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH).abs());
        }
        double[] lanes = Lanes.lanes(s0, s1);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += Math.abs(x[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    /** A product of two floats is exact in binary64, so that a fused multiply-add rounds as an addition does. */
    @Override
    public double dot(Tile a, Tile b, int length) {
        float[] x = a.floats;
        float[] y = b.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = Lanes.widen(FLOATS, DOUBLES, x, i).fma(Lanes.widen(FLOATS, DOUBLES, y, i), s0);
            s1 = Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH).fma(Lanes.widen(FLOATS, DOUBLES, y, i + WIDTH), s1);
        }
        double[] lanes = Lanes.lanes(s0, s1);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += (double) x[i] * y[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dotRounded(Tile a, Tile b, int length) {
        float[] x = a.floats;
        float[] y = b.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.roundedProducts(FLOATS, DOUBLES, ROUNDER, x, y, i));
            s1 = s1.add(Lanes.roundedProducts(FLOATS, DOUBLES, ROUNDER, x, y, i + WIDTH));
        }
        double[] lanes = Lanes.lanes(s0, s1);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += ROUNDING.round(x[i] * y[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double maximum(Tile a, int length) {
        return scalar.maximum(a, length);
    }
}
