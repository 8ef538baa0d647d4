package io.amalgam.engine.report;

import io.amalgam.engine.kernel.ReductionKernels;
import io.amalgam.engine.kernel.SignBits;
import io.amalgam.engine.kernel.Tile;
import io.amalgam.engine.tensor.TensorPlan;

/**
 * What is summed over the elements of one tensor: in binary64, tiles of a unit in order, units of the tensor in order, so
 * that it does not matter which thread had which unit. Counts are exact up to 2^53.
 */
final class TensorSums {
    /** Elements that a thread takes at a time. */
    static final int UNIT = 1 << 18;

    private static final int BASE = 0;
    private static final int CONTESTED = 1;
    private static final int CONFLICTING = 2;
    /** Squares of each vector, then the elements that are not zero. */
    private static final int VECTORS = 3;

    final TensorPlan plan;
    /** For each vector, the number of its input in the report. */
    final int[] inputs;
    /** For each vector, its place among the tensor's inputs. */
    final int[] places;

    private final int vectors;
    private final int pairs;
    private double[][] units;
    private double[] totals;
    private int missing;

    /** @param numbers for each input of the tensor, its number in the report */
    TensorSums(TensorPlan plan, int[] numbers) {
        this.plan = plan;
        vectors = plan.base() < 0 ? numbers.length : numbers.length - 1;
        pairs = vectors * (vectors - 1) / 2;
        inputs = new int[vectors];
        places = new int[vectors];
        int vector = 0;
        for (int place = 0; place < numbers.length; place++) {
            if (place != plan.base()) {
                inputs[vector] = numbers[place];
                places[vector++] = place;
            }
        }
        long count = (plan.elements() + UNIT - 1) / UNIT;
        missing = Math.toIntExact(count);
        if (missing == 0) {
            totals = new double[kinds()];
        }
    }

    private int kinds() {
        return VECTORS + 2 * vectors + 3 * pairs;
    }

    /** How many units there are. */
    int units() {
        return Math.toIntExact((plan.elements() + UNIT - 1) / UNIT);
    }

    /** Place of a pair among all pairs: (0,1), (0,2), …, (1,2), … */
    private int pair(int left, int right) {
        return left * (2 * vectors - left - 1) / 2 + right - left - 1;
    }

    /** New sums for one unit. */
    double[] begin() {
        return new double[kinds()];
    }

    /**
     * Adds a tile to the sums of a unit.
     *
     * @param base the base model's elements, or null
     * @param tiles one for each vector
     * @param signs room for the signs of each vector
     */
    void add(double[] sums, ReductionKernels reductions, Tile base, Tile[] tiles, SignBits[] signs, int length) {
        if (base != null) {
            sums[BASE] += reductions.dot(base, base, length);
        }
        for (int vector = 0; vector < vectors; vector++) {
            signs[vector].take(tiles[vector], length);
            sums[VECTORS + vector] += reductions.dot(tiles[vector], tiles[vector], length);
            sums[VECTORS + vectors + vector] += signs[vector].signed();
        }
        int products = VECTORS + 2 * vectors;
        for (int left = 0; left < vectors; left++) {
            for (int right = left + 1; right < vectors; right++) {
                int pair = pair(left, right);
                sums[products + pair] += reductions.dot(tiles[left], tiles[right], length);
                sums[products + pairs + pair] += signs[left].bothSigned(signs[right]);
                sums[products + 2 * pairs + pair] += signs[left].opposite(signs[right]);
            }
        }
        if (vectors > 1) {
            sums[CONTESTED] += SignBits.contested(signs);
            sums[CONFLICTING] += SignBits.conflicting(signs);
        }
    }

    /** Takes the finished sums of a unit. */
    synchronized void finish(int unit, double[] sums) {
        if (units == null) {
            units = new double[units()][];
        }
        units[unit] = sums;
        if (--missing > 0) {
            return;
        }
        totals = new double[kinds()];
        for (double[] each : units) {
            for (int kind = 0; kind < totals.length; kind++) {
                totals[kind] += each[kind];
            }
        }
        units = null;
    }

    /** Sum of squares of the base model's elements. */
    double baseSquares() {
        return totals[BASE];
    }

    /** Positions at which at least two vectors are not zero. */
    double contested() {
        return totals[CONTESTED];
    }

    /** Positions at which vectors have different signs. */
    double conflicting() {
        return totals[CONFLICTING];
    }

    /** Sum of squares of a vector. */
    double squares(int vector) {
        return totals[VECTORS + vector];
    }

    /** Elements of a vector that are not zero. */
    double changed(int vector) {
        return totals[VECTORS + vectors + vector];
    }

    /** Scalar product of two vectors. */
    double product(int left, int right) {
        return totals[VECTORS + 2 * vectors + pair(left, right)];
    }

    /** Positions at which two vectors are not zero. */
    double bothSigned(int left, int right) {
        return totals[VECTORS + 2 * vectors + pairs + pair(left, right)];
    }

    /** Positions at which two vectors have different signs. */
    double opposite(int left, int right) {
        return totals[VECTORS + 2 * vectors + 2 * pairs + pair(left, right)];
    }
}
