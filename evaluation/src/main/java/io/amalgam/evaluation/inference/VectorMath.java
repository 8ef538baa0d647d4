package io.amalgam.evaluation.inference;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Functions on float arrays, with the same result on every machine: each element goes through the same operations
 * whatever the width of a vector, and sums have a fixed shape.
 *
 * <p>Arrays are processed in steps of {@link #STEP} elements; callers leave room for a whole last step.
 */
final class VectorMath {
    /** Elements of a step: the widest vector in use. */
    static final int STEP = 16;

    /** The vectors in use: the machine's own, at most 512 bits. */
    static final VectorSpecies<Float> SPECIES =
            FloatVector.SPECIES_PREFERRED.length() > STEP ? FloatVector.SPECIES_512 : FloatVector.SPECIES_PREFERRED;
    /** Integers of the same shape. */
    static final VectorSpecies<Integer> INTEGERS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    /** Floats in a vector. */
    static final int LANES = SPECIES.length();

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    private static final float ROUNDING = 12582912f;
    private static final float LOWEST_EXPONENT = -87f;
    private static final float HIGHEST_EXPONENT = 88f;

    /** Elements whose float sum is added to a double before the next ones. */
    private static final int SUM_BLOCK = 16 * STEP;

    private VectorMath() {
    }

    /** Rounds up to a whole number of steps. */
    static int paddedLength(int length) {
        return (length + STEP - 1) / STEP * STEP;
    }

    /** e to the power of each lane, within 2 ulp; 0 below e^-87, bounded above by e^88. */
    static FloatVector exp(FloatVector x) {
        FloatVector bounded = x.min(HIGHEST_EXPONENT).max(LOWEST_EXPONENT);
        // Adding 1.5 · 2^23 rounds to a whole number, which then stands in the low bits of the float.
        FloatVector shifted = bounded.fma(FloatVector.broadcast(SPECIES, LOG2_E), FloatVector.broadcast(SPECIES, ROUNDING));
        FloatVector n = shifted.sub(ROUNDING);
        FloatVector r = n.fma(FloatVector.broadcast(SPECIES, -LN2_HIGH), bounded);
        r = n.fma(FloatVector.broadcast(SPECIES, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(SPECIES, 1.9875691500e-4f);
        p = p.fma(r, FloatVector.broadcast(SPECIES, 1.3981999507e-3f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 1.6666665459e-1f));
        p = p.fma(r, FloatVector.broadcast(SPECIES, 5.0000001201e-1f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector result = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        return result.blend(FloatVector.zero(SPECIES), x.compare(VectorOperators.LT, LOWEST_EXPONENT));
    }

    /** {@code gate[i] = silu(gate[i]) · up[i]}, SiLU being x / (1 + e^-x). */
    static void siluTimes(float[] gate, int gateOffset, float[] up, int upOffset, int length) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, gate, gateOffset + i);
            FloatVector sigmoid = exp(x.neg()).add(1f);
            x.div(sigmoid).mul(FloatVector.fromArray(SPECIES, up, upOffset + i)).intoArray(gate, gateOffset + i);
        }
    }

    /**
     * {@code gate[i] = gelu(gate[i]) · up[i]}, GELU in its tanh approximation (Hendrycks and Gimpel 2016):
     * x / (1 + e^-2u), u = √(2/π) (x + 0.044715 x³).
     */
    static void geluTimes(float[] gate, int gateOffset, float[] up, int upOffset, int length) {
        float factor = (float) (-2 * Math.sqrt(2 / Math.PI));
        for (int i = 0; i < length; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, gate, gateOffset + i);
            FloatVector inner = x.mul(x).mul(0.044715f).mul(x).add(x);
            FloatVector denominator = exp(inner.mul(factor)).add(1f);
            x.div(denominator).mul(FloatVector.fromArray(SPECIES, up, upOffset + i)).intoArray(gate, gateOffset + i);
        }
    }

    /** {@code values[i] = cap · tanh(values[i] / cap)}. */
    static void softcap(float[] values, int offset, int length, float cap) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector x = FloatVector.fromArray(SPECIES, values, offset + i);
            FloatVector e = exp(x.mul(2 / cap)).add(1f);
            FloatVector tanh = FloatVector.broadcast(SPECIES, 1f).sub(FloatVector.broadcast(SPECIES, 2f).div(e));
            tanh.mul(cap).intoArray(values, offset + i);
        }
    }

    /** The greatest of {@code length} elements. */
    static float max(float[] values, int offset, int length) {
        int vectors = length - length % LANES;
        float greatest = Float.NEGATIVE_INFINITY;
        if (vectors > 0) {
            FloatVector running = FloatVector.fromArray(SPECIES, values, offset);
            for (int i = LANES; i < vectors; i += LANES) {
                running = running.max(FloatVector.fromArray(SPECIES, values, offset + i));
            }
            greatest = running.reduceLanes(VectorOperators.MAX);
        }
        for (int i = vectors; i < length; i++) {
            greatest = Math.max(greatest, values[offset + i]);
        }
        return greatest;
    }

    /**
     * Replaces every element x by e^(x - shift) and returns their sum. The length is a whole number of steps; what is
     * to count for nothing holds negative infinity.
     */
    static double expAndSum(float[] values, int offset, int length, float shift) {
        double total = 0;
        float[] lanes = new float[STEP];
        for (int block = 0; block < length; block += SUM_BLOCK) {
            int end = Math.min(block + SUM_BLOCK, length);
            for (int lane = 0; lane < STEP; lane += LANES) {
                FloatVector sum = FloatVector.zero(SPECIES);
                for (int i = block + lane; i < end; i += STEP) {
                    FloatVector e = exp(FloatVector.fromArray(SPECIES, values, offset + i).sub(shift));
                    e.intoArray(values, offset + i);
                    sum = sum.add(e);
                }
                sum.intoArray(lanes, lane);
            }
            total += sum(lanes);
        }
        return total;
    }

    /** Multiplies {@code length} elements (a whole number of steps) by a factor. */
    static void scale(float[] values, int offset, int length, float factor) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector.fromArray(SPECIES, values, offset + i).mul(factor).intoArray(values, offset + i);
        }
    }

    /** {@code target[i] += addend[i]}; the tail is done element by element. */
    static void add(float[] target, int targetOffset, float[] addend, int addendOffset, int length) {
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, target, targetOffset + i)
                    .add(FloatVector.fromArray(SPECIES, addend, addendOffset + i))
                    .intoArray(target, targetOffset + i);
        }
        for (; i < length; i++) {
            target[targetOffset + i] += addend[addendOffset + i];
        }
    }

    /** Root-mean-square norm (Zhang and Sennrich 2019, arXiv:1910.07467): {@code y = x / √(mean(x²) + ε) · weight}. */
    static void rmsNorm(float[] x, int offset, float[] weight, int length, double epsilon, float[] y, int target) {
        float factor = (float) (1 / Math.sqrt(sumOfSquares(x, offset, length) / length + epsilon));
        int i = 0;
        for (; i <= length - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, offset + i).mul(factor).mul(FloatVector.fromArray(SPECIES, weight, i))
                    .intoArray(y, target + i);
        }
        for (; i < length; i++) {
            y[target + i] = x[offset + i] * factor * weight[i];
        }
    }

    /** Sums of whole steps have the shape of {@link #expAndSum}'s; what is left over joins them element by element. */
    private static double sumOfSquares(float[] x, int offset, int length) {
        int whole = length - length % STEP;
        double total = 0;
        float[] lanes = new float[STEP];
        for (int block = 0; block < whole; block += SUM_BLOCK) {
            int end = Math.min(block + SUM_BLOCK, whole);
            for (int lane = 0; lane < STEP; lane += LANES) {
                FloatVector sum = FloatVector.zero(SPECIES);
                for (int i = block + lane; i < end; i += STEP) {
                    FloatVector values = FloatVector.fromArray(SPECIES, x, offset + i);
                    sum = values.fma(values, sum);
                }
                sum.intoArray(lanes, lane);
            }
            total += sum(lanes);
        }
        for (int i = whole; i < length; i++) {
            total += (double) x[offset + i] * x[offset + i];
        }
        return total;
    }

    private static double sum(float[] lanes) {
        double sum = 0;
        for (float lane : lanes) {
            sum += lane;
        }
        return sum;
    }
}
