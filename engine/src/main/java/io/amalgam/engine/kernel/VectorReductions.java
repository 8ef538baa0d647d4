package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link ReductionKernels} on vectors; a template of {@link VectorTemplates}. The sixteen partial sums lie in as many
 * vectors as they need: two of 512 bits, four of 256, eight of 128.
 */
final class VectorReductions implements ReductionKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = CONSTANTS.floats();
    private static final VectorSpecies<Double> DOUBLES = CONSTANTS.doubles();
    private static final Rounding ROUNDING = CONSTANTS.rounding();
    private static final int FLOAT_LANES = FLOATS.length();
    private static final int DOUBLE_LANES = DOUBLES.length();

    private final ScalarReductions scalar = new ScalarReductions(ROUNDING);

    /** What is done to elements before they are added. */
    private static final int SUM = 0;

    private static final int MAGNITUDES = 1;
    private static final int PRODUCTS = 2;
    private static final int ROUNDED_PRODUCTS = 3;

    @Override
    public double sum(Tile a, int length) {
        return reduce(SUM, a, a, length);
    }

    @Override
    public double sumOfMagnitudes(Tile a, int length) {
        return reduce(MAGNITUDES, a, a, length);
    }

    @Override
    public double dot(Tile a, Tile b, int length) {
        return reduce(PRODUCTS, a, b, length);
    }

    @Override
    public double dotRounded(Tile a, Tile b, int length) {
        return reduce(ROUNDED_PRODUCTS, a, b, length);
    }

    private double reduce(int kind, Tile a, Tile b, int length) {
        double[] lanes = new double[LANES];
        int whole = length & -LANES;
        if (FLOAT_LANES == 8) {
            switch (kind) {
                case SUM -> add256(SUM, a, b, whole, lanes);
                case MAGNITUDES -> add256(MAGNITUDES, a, b, whole, lanes);
                case PRODUCTS -> add256(PRODUCTS, a, b, whole, lanes);
                default -> add256(ROUNDED_PRODUCTS, a, b, whole, lanes);
            }
        } else if (FLOAT_LANES == 16) {
            add512(kind, a, b, whole, lanes);
        } else {
            addAny(kind, a, b, whole, lanes);
        }
        for (int i = whole; i < length; i++) {
            lanes[i - whole] += term(kind, a.floats[i], b.floats[i]);
        }
        return ReductionKernels.combine(lanes);
    }

    private static double term(int kind, float a, float b) {
        return switch (kind) {
            case SUM -> a;
            case MAGNITUDES -> Math.abs(a);
            case PRODUCTS -> (double) a * b;
            default -> ROUNDING.round(a * b);
        };
    }

    /** The terms of one half of a vector. */
    private static DoubleVector terms(int kind, FloatVector a, FloatVector b, int part) {
        if (kind == PRODUCTS) {
            return widen(a, part).mul(widen(b, part));
        }
        if (kind == ROUNDED_PRODUCTS) {
            return widen(VectorRounding.round(a.mul(b), ROUNDING), part);
        }
        return widen(kind == SUM ? a : a.abs(), part);
    }

    private static DoubleVector widen(FloatVector value, int part) {
        return (DoubleVector) value.convertShape(VectorOperators.F2D, DOUBLES, part);
    }

    private static void add256(int kind, Tile a, Tile b, int whole, double[] lanes) {
        DoubleVector sum0 = DoubleVector.zero(DOUBLES);
        DoubleVector sum1 = sum0;
        DoubleVector sum2 = sum0;
        DoubleVector sum3 = sum0;
        for (int i = 0; i < whole; i += LANES) {
            FloatVector a0 = FloatVector.fromArray(FLOATS, a.floats, i);
            FloatVector b0 = FloatVector.fromArray(FLOATS, b.floats, i);
            FloatVector a1 = FloatVector.fromArray(FLOATS, a.floats, i + FLOAT_LANES);
            FloatVector b1 = FloatVector.fromArray(FLOATS, b.floats, i + FLOAT_LANES);
            sum0 = sum0.add(terms(kind, a0, b0, 0));
            sum1 = sum1.add(terms(kind, a0, b0, 1));
            sum2 = sum2.add(terms(kind, a1, b1, 0));
            sum3 = sum3.add(terms(kind, a1, b1, 1));
        }
        sum0.intoArray(lanes, 0);
        sum1.intoArray(lanes, DOUBLE_LANES);
        sum2.intoArray(lanes, 2 * DOUBLE_LANES);
        sum3.intoArray(lanes, 3 * DOUBLE_LANES);
    }

    private static void add512(int kind, Tile a, Tile b, int whole, double[] lanes) {
        DoubleVector sum0 = DoubleVector.zero(DOUBLES);
        DoubleVector sum1 = sum0;
        for (int i = 0; i < whole; i += LANES) {
            FloatVector a0 = FloatVector.fromArray(FLOATS, a.floats, i);
            FloatVector b0 = FloatVector.fromArray(FLOATS, b.floats, i);
            sum0 = sum0.add(terms(kind, a0, b0, 0));
            sum1 = sum1.add(terms(kind, a0, b0, 1));
        }
        sum0.intoArray(lanes, 0);
        sum1.intoArray(lanes, DOUBLE_LANES);
    }

    private static void addAny(int kind, Tile a, Tile b, int whole, double[] lanes) {
        for (int i = 0; i < whole; i += FLOAT_LANES) {
            FloatVector a0 = FloatVector.fromArray(FLOATS, a.floats, i);
            FloatVector b0 = FloatVector.fromArray(FLOATS, b.floats, i);
            int lane = i % LANES;
            DoubleVector.fromArray(DOUBLES, lanes, lane).add(terms(kind, a0, b0, 0)).intoArray(lanes, lane);
            lane += DOUBLE_LANES;
            DoubleVector.fromArray(DOUBLES, lanes, lane).add(terms(kind, a0, b0, 1)).intoArray(lanes, lane);
        }
    }

    @Override
    public double maximum(Tile a, int length) {
        return scalar.maximum(a, length);
    }
}
