package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The innermost loops of matrix products, and of attention's scores: a tile of rows by vectors, whose sums stay in
 * registers.
 *
 * <p>Two multipliers with a latency of four cycles want eight sums or more, and a step should load less than it multiplies.
 * HotSpot's compiler loads all operands of a step before it multiplies, so they and the sums have to fit in the registers;
 * shapes that do not are spilled to memory, and less than half as fast.
 */
final class ProductTile {
    /** Rows that are multiplied together. */
    static final int ROWS = 4;

    /**
     * The most vectors that they are multiplied by. AVX-512 has 32 registers: sixteen sums and eight operands. AVX2 has
     * sixteen: eight and six.
     */
    static final int VECTORS = LANES == 16 ? 4 : 2;

    private ProductTile() {
    }

    /**
     * Multiplies {@link #ROWS} rows by {@code vectors} vectors of columns, {@link #VECTORS} or two: every element is a sum
     * over {@code depth} steps, one fused multiply-add after the other.
     *
     * @param a rows from {@code aOffset} on: step by step, {@link #ROWS} floats each
     * @param b columns from {@code bOffset} on, whose steps are {@code bStride} floats apart
     * @param y the result, whose rows are {@code yStride} floats apart
     * @param accumulate whether to add to what is there instead of replacing it
     */
    static void multiply(int vectors, float[] a, int aOffset, float[] b, int bOffset, int bStride, int depth, float[] y,
            int yOffset, int yStride, boolean accumulate) {
        if (vectors == 4) {
            multiplyFour(a, aOffset, b, bOffset, bStride, depth, y, yOffset, yStride, accumulate);
        } else {
            multiplyTwo(a, aOffset, b, bOffset, bStride, depth, y, yOffset, yStride, accumulate);
        }
    }

    /** Four rows by two vectors. */
    private static void multiplyTwo(float[] a, int aOffset, float[] b, int bOffset, int bStride, int depth, float[] y,
            int yOffset, int yStride, boolean accumulate) {
        FloatVector sum00 = FloatVector.zero(SPECIES);
        FloatVector sum01 = sum00;
        FloatVector sum10 = sum00;
        FloatVector sum11 = sum00;
        FloatVector sum20 = sum00;
        FloatVector sum21 = sum00;
        FloatVector sum30 = sum00;
        FloatVector sum31 = sum00;
        for (int k = 0; k < depth; k++) {
            int bk = bOffset + k * bStride;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            int ak = aOffset + k * ROWS;
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[ak]);
            sum00 = a0.fma(b0, sum00);
            sum01 = a0.fma(b1, sum01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[ak + 1]);
            sum10 = a1.fma(b0, sum10);
            sum11 = a1.fma(b1, sum11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[ak + 2]);
            sum20 = a2.fma(b0, sum20);
            sum21 = a2.fma(b1, sum21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[ak + 3]);
            sum30 = a3.fma(b0, sum30);
            sum31 = a3.fma(b1, sum31);
        }
        VectorMask<Float> kept = SPECIES.maskAll(accumulate);
        int at = yOffset;
        sum00.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum01.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        at += yStride;
        sum10.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum11.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        at += yStride;
        sum20.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum21.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        at += yStride;
        sum30.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum31.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
    }

    /** Four rows by four vectors. */
    private static void multiplyFour(float[] a, int aOffset, float[] b, int bOffset, int bStride, int depth, float[] y,
            int yOffset, int yStride, boolean accumulate) {
        FloatVector sum00 = FloatVector.zero(SPECIES);
        FloatVector sum01 = sum00;
        FloatVector sum02 = sum00;
        FloatVector sum03 = sum00;
        FloatVector sum10 = sum00;
        FloatVector sum11 = sum00;
        FloatVector sum12 = sum00;
        FloatVector sum13 = sum00;
        FloatVector sum20 = sum00;
        FloatVector sum21 = sum00;
        FloatVector sum22 = sum00;
        FloatVector sum23 = sum00;
        FloatVector sum30 = sum00;
        FloatVector sum31 = sum00;
        FloatVector sum32 = sum00;
        FloatVector sum33 = sum00;
        for (int k = 0; k < depth; k++) {
            int bk = bOffset + k * bStride;
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector b2 = FloatVector.fromArray(SPECIES, b, bk + 2 * LANES);
            FloatVector b3 = FloatVector.fromArray(SPECIES, b, bk + 3 * LANES);
            int ak = aOffset + k * ROWS;
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[ak]);
            sum00 = a0.fma(b0, sum00);
            sum01 = a0.fma(b1, sum01);
            sum02 = a0.fma(b2, sum02);
            sum03 = a0.fma(b3, sum03);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[ak + 1]);
            sum10 = a1.fma(b0, sum10);
            sum11 = a1.fma(b1, sum11);
            sum12 = a1.fma(b2, sum12);
            sum13 = a1.fma(b3, sum13);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[ak + 2]);
            sum20 = a2.fma(b0, sum20);
            sum21 = a2.fma(b1, sum21);
            sum22 = a2.fma(b2, sum22);
            sum23 = a2.fma(b3, sum23);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[ak + 3]);
            sum30 = a3.fma(b0, sum30);
            sum31 = a3.fma(b1, sum31);
            sum32 = a3.fma(b2, sum32);
            sum33 = a3.fma(b3, sum33);
        }
        VectorMask<Float> kept = SPECIES.maskAll(accumulate);
        int at = yOffset;
        sum00.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum01.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        sum02.add(FloatVector.fromArray(SPECIES, y, at + 2 * LANES, kept)).intoArray(y, at + 2 * LANES);
        sum03.add(FloatVector.fromArray(SPECIES, y, at + 3 * LANES, kept)).intoArray(y, at + 3 * LANES);
        at += yStride;
        sum10.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum11.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        sum12.add(FloatVector.fromArray(SPECIES, y, at + 2 * LANES, kept)).intoArray(y, at + 2 * LANES);
        sum13.add(FloatVector.fromArray(SPECIES, y, at + 3 * LANES, kept)).intoArray(y, at + 3 * LANES);
        at += yStride;
        sum20.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum21.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        sum22.add(FloatVector.fromArray(SPECIES, y, at + 2 * LANES, kept)).intoArray(y, at + 2 * LANES);
        sum23.add(FloatVector.fromArray(SPECIES, y, at + 3 * LANES, kept)).intoArray(y, at + 3 * LANES);
        at += yStride;
        sum30.add(FloatVector.fromArray(SPECIES, y, at, kept)).intoArray(y, at);
        sum31.add(FloatVector.fromArray(SPECIES, y, at + LANES, kept)).intoArray(y, at + LANES);
        sum32.add(FloatVector.fromArray(SPECIES, y, at + 2 * LANES, kept)).intoArray(y, at + 2 * LANES);
        sum33.add(FloatVector.fromArray(SPECIES, y, at + 3 * LANES, kept)).intoArray(y, at + 3 * LANES);
    }
}
