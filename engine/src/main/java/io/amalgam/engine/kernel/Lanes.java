package io.amalgam.engine.kernel;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What kernels do with single vectors, inside their loops.
 *
 * <p>This and {@link LaneRounder} must be inlined, or every vector becomes an object. The kernels, whose names begin with
 * {@code Vector}, must not be: inlined into a method of the engine, several of them exceed what the compiler takes into
 * one method, and it stops in the middle of one, with the same effect. The launcher's {@code CompileCommand} says so, by
 * that prefix.
 */
final class Lanes {

    private static final int MANTISSA_BITS = 52;
    private static final double ROUNDS_TO_WHOLE = 0x1.8p52;

    private Lanes() {
    }

    /** Elements of a tile from {@code index} on. */
    static FloatVector load(VectorSpecies<Float> floats, Tile tile, int index) {
        return FloatVector.fromArray(floats, tile.floats, index);
    }

    /** Elements from {@code index} on as binary64; the two species have the same number of lanes. */
    static DoubleVector widen(VectorSpecies<Float> floats, VectorSpecies<Double> doubles, float[] values, int index) {
        return (DoubleVector) FloatVector.fromArray(floats, values, index).convertShape(VectorOperators.F2D, doubles, 0);
    }

    /** Stores a vector rounded to binary32 from {@code index} on; the species has the same number of lanes. */
    static void storeNarrow(DoubleVector vector, VectorSpecies<Float> floats, float[] to, int index) {
        ((FloatVector) vector.convertShape(VectorOperators.D2F, floats, 0)).intoArray(to, index);
    }

    /** Products from {@code index} on, rounded, as binary64; the two species have the same number of lanes. */
    static DoubleVector roundedProducts(
            VectorSpecies<Float> floats, VectorSpecies<Double> doubles, LaneRounder rounder, float[] a, float[] b, int index) {
        FloatVector product = FloatVector.fromArray(floats, a, index).mul(FloatVector.fromArray(floats, b, index));
        return (DoubleVector) rounder.round(product).convertShape(VectorOperators.F2D, doubles, 0);
    }

    /** The bits of the magnitudes of a tile's elements from {@code index} on, which order as the magnitudes do. */
    static IntVector sizes(VectorSpecies<Float> floats, Tile tile, int index) {
        return load(floats, tile, index).reinterpretAsInts().and(0x7FFFFFFF);
    }

    /** {@link Transcendental#exp} of every lane. */
    static DoubleVector exponential(DoubleVector x) {
        // Adding so much rounds to a whole number, which is then in the lower bits.
        DoubleVector shifted = x.mul(Transcendental.LOG2_E).add(ROUNDS_TO_WHOLE);
        DoubleVector exponent = shifted.sub(ROUNDS_TO_WHOLE);
        DoubleVector rest = x.sub(exponent.mul(Transcendental.LN2_HIGH)).sub(exponent.mul(Transcendental.LN2_LOW));
        int last = Transcendental.INVERSE_FACTORIALS.length - 1;
        DoubleVector sum = x.broadcast(Transcendental.INVERSE_FACTORIALS[last]);
        for (int i = last - 1; i >= 0; i--) {
            sum = sum.mul(rest).add(Transcendental.INVERSE_FACTORIALS[i]);
        }
        DoubleVector power = shifted.reinterpretAsLongs()
                .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
                .add(1023L << MANTISSA_BITS)
                .reinterpretAsDoubles();
        return sum.mul(power).blend(0, x.compare(VectorOperators.LT, Transcendental.UNDERFLOW));
    }

    /** {@link Transcendental#log} of every lane. */
    static DoubleVector logarithm(DoubleVector x) {
        LongVector bits = x.reinterpretAsLongs();
        LongVector distance = bits.sub(Transcendental.ROOT_HALF);
        DoubleVector mantissa = bits.sub(distance.and(-1L << MANTISSA_BITS)).reinterpretAsDoubles();
        // The exponent plus 2048 has twelve bits; below those of 2^52 they are that number and 2^52.
        DoubleVector exponent = distance.lanewise(VectorOperators.XOR, Long.MIN_VALUE)
                .lanewise(VectorOperators.LSHR, MANTISSA_BITS)
                .or(Double.doubleToRawLongBits(0x1p52))
                .reinterpretAsDoubles()
                .sub(0x1p52 + 2048);
        DoubleVector s = mantissa.sub(1).div(mantissa.add(1));
        DoubleVector square = s.mul(s);
        int last = Transcendental.TWICE_INVERSE_ODD.length - 1;
        DoubleVector sum = x.broadcast(Transcendental.TWICE_INVERSE_ODD[last]);
        for (int i = last - 1; i >= 0; i--) {
            sum = sum.mul(square).add(Transcendental.TWICE_INVERSE_ODD[i]);
        }
        return exponent.mul(Transcendental.LN2_LOW)
                .add(sum.mul(s))
                .add(exponent.mul(Transcendental.LN2_HIGH))
                .blend(Double.NaN, x.compare(VectorOperators.GT, 0).not())
                .blend(Double.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0))
                .blend(Double.POSITIVE_INFINITY, x.compare(VectorOperators.EQ, Double.POSITIVE_INFINITY));
    }

    /** Tempered draws of 24 bits from untempered ones, as {@link MersenneTwister#temper}. */
    static IntVector draws(VectorSpecies<Integer> ints, int[] raw, int index) {
        IntVector y = IntVector.fromArray(ints, raw, index);
        y = y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHR, 11));
        y = y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHL, 7).and(0x9D2C5680));
        y = y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHL, 15).and(0xEFC60000));
        return y.lanewise(VectorOperators.XOR, y.lanewise(VectorOperators.LSHR, 18)).and(0xFFFFFF);
    }

    /** The elements of two vectors, one behind the other. */
    static double[] lanes(DoubleVector first, DoubleVector second) {
        double[] lanes = new double[2 * first.length()];
        first.intoArray(lanes, 0);
        second.intoArray(lanes, first.length());
        return lanes;
    }

    /** Stores four vectors one behind the other. */
    static void store(double[] to, DoubleVector first, DoubleVector second, DoubleVector third, DoubleVector fourth) {
        int width = first.length();
        first.intoArray(to, 0);
        second.intoArray(to, width);
        third.intoArray(to, 2 * width);
        fourth.intoArray(to, 3 * width);
    }
}
