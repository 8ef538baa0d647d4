package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ReductionKernels} on vectors; a template of {@link VectorTemplates}. The sixteen partial sums lie in four vectors
 * of 256 bits, each fed by four floats that are widened as they are loaded. Machines of 128 bits take the specification, those
 * of 512 {@link VectorWideReductions}.
 */
final class VectorReductions implements ReductionKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, VectorShape.S_128_BIT);
    private static final VectorSpecies<Double> DOUBLES = VectorSpecies.of(double.class, VectorShape.S_256_BIT);
    private static final boolean NARROW = CONSTANTS.bits() < 256;
    private static final Rounding ROUNDING = CONSTANTS.rounding();
    private static final LaneRounder ROUNDER = CONSTANTS.rounder();
    private static final VectorSpecies<Float> PRODUCTS = CONSTANTS.floats();
    /** Products that are rounded at a time before they are added: methods that do both at once are too large to compile well. */
    private static final int RUN = 512;
    /** Elements of one vector of partial sums. */
    private static final int WIDTH = 4;

    private final ScalarReductions scalar = new ScalarReductions(ROUNDING);

    @Override
    public double sum(Tile a, int length) {
        if (NARROW) {
            return scalar.sum(a, length);
        }
        double[] lanes = new double[LANES];
        float[] x = a.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, x, i));
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH));
            s2 = s2.add(Lanes.widen(FLOATS, DOUBLES, x, i + 2 * WIDTH));
            s3 = s3.add(Lanes.widen(FLOATS, DOUBLES, x, i + 3 * WIDTH));
        }
        Lanes.store(lanes, s0, s1, s2, s3);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += x[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double sumOfMagnitudes(Tile a, int length) {
        if (NARROW) {
            return scalar.sumOfMagnitudes(a, length);
        }
        double[] lanes = new double[LANES];
        float[] x = a.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, x, i).abs());
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH).abs());
            s2 = s2.add(Lanes.widen(FLOATS, DOUBLES, x, i + 2 * WIDTH).abs());
            s3 = s3.add(Lanes.widen(FLOATS, DOUBLES, x, i + 3 * WIDTH).abs());
        }
        Lanes.store(lanes, s0, s1, s2, s3);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += Math.abs(x[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dot(Tile a, Tile b, int length) {
        if (NARROW) {
            return scalar.dot(a, b, length);
        }
        double[] lanes = new double[LANES];
        float[] x = a.floats;
        float[] y = b.floats;
        int whole = length & -LANES;
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        DoubleVector s2 = s0;
        DoubleVector s3 = s0;
        for (int i = 0; i < whole; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, x, i).mul(Lanes.widen(FLOATS, DOUBLES, y, i)));
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, x, i + WIDTH).mul(Lanes.widen(FLOATS, DOUBLES, y, i + WIDTH)));
            s2 = s2.add(Lanes.widen(FLOATS, DOUBLES, x, i + 2 * WIDTH).mul(Lanes.widen(FLOATS, DOUBLES, y, i + 2 * WIDTH)));
            s3 = s3.add(Lanes.widen(FLOATS, DOUBLES, x, i + 3 * WIDTH).mul(Lanes.widen(FLOATS, DOUBLES, y, i + 3 * WIDTH)));
        }
        Lanes.store(lanes, s0, s1, s2, s3);
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += (double) x[i] * y[i];
        }
        return ReductionKernels.combine(lanes);
    }

    @Override
    public double dotRounded(Tile a, Tile b, int length) {
        if (NARROW) {
            return scalar.dotRounded(a, b, length);
        }
        double[] lanes = new double[LANES];
        float[] products = new float[RUN];
        int whole = length & -LANES;
        for (int start = 0; start < whole; start += RUN) {
            int count = Math.min(RUN, whole - start);
            for (int i = 0; i < count; i += PRODUCTS.length()) {
                ROUNDER.round(FloatVector.fromArray(PRODUCTS, a.floats, start + i)
                                .mul(FloatVector.fromArray(PRODUCTS, b.floats, start + i)))
                        .intoArray(products, i);
            }
            addTo(lanes, products, count);
        }
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += ROUNDING.round(a.floats[i] * b.floats[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    private static void addTo(double[] lanes, float[] values, int count) {
        DoubleVector s0 = DoubleVector.fromArray(DOUBLES, lanes, 0);
        DoubleVector s1 = DoubleVector.fromArray(DOUBLES, lanes, WIDTH);
        DoubleVector s2 = DoubleVector.fromArray(DOUBLES, lanes, 2 * WIDTH);
        DoubleVector s3 = DoubleVector.fromArray(DOUBLES, lanes, 3 * WIDTH);
        for (int i = 0; i < count; i += LANES) {
            s0 = s0.add(Lanes.widen(FLOATS, DOUBLES, values, i));
            s1 = s1.add(Lanes.widen(FLOATS, DOUBLES, values, i + WIDTH));
            s2 = s2.add(Lanes.widen(FLOATS, DOUBLES, values, i + 2 * WIDTH));
            s3 = s3.add(Lanes.widen(FLOATS, DOUBLES, values, i + 3 * WIDTH));
        }
        Lanes.store(lanes, s0, s1, s2, s3);
    }

    @Override
    public double maximum(Tile a, int length) {
        return scalar.maximum(a, length);
    }
}
