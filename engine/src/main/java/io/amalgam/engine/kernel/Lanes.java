package io.amalgam.engine.kernel;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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
