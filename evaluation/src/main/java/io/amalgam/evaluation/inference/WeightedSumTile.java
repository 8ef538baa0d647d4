package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loops of attention's weighted sums: as in {@link ProductTile}, {@link ProductTile#ROWS} rows of sums stay
 * in registers. They go on where an earlier call ended, so that it does not matter how keys are cut into segments.
 */
final class WeightedSumTile {

    private WeightedSumTile() {
    }

    /** How many vectors of values {@link #add} takes at once where {@code left} are left: four only of 512 bits. */
    static int vectors(int left) {
        return Math.min(left >= 4 ? ProductTile.VECTORS : 2, left);
    }

    /**
     * Adds to four rows of sums, of {@link #vectors} vectors each: values that are weighted by the rows of scores, one key
     * after the other.
     */
    static void add(int vectors, float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        switch (vectors) {
            case 4 -> addFour(scores, scoreOffset, scoreStride, values, valueOffset, valueStride, keys, sums, sumOffset);
            case 2 -> addTwo(scores, scoreOffset, scoreStride, values, valueOffset, valueStride, keys, sums, sumOffset);
            default -> addOne(scores, scoreOffset, scoreStride, values, valueOffset, valueStride, keys, sums, sumOffset);
        }
    }

    /** Four rows by four vectors. */
    private static void addFour(float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        int row1 = sumOffset + valueStride;
        int row2 = row1 + valueStride;
        int row3 = row2 + valueStride;
        FloatVector sum00 = FloatVector.fromArray(SPECIES, sums, sumOffset);
        FloatVector sum01 = FloatVector.fromArray(SPECIES, sums, sumOffset + LANES);
        FloatVector sum02 = FloatVector.fromArray(SPECIES, sums, sumOffset + 2 * LANES);
        FloatVector sum03 = FloatVector.fromArray(SPECIES, sums, sumOffset + 3 * LANES);
        FloatVector sum10 = FloatVector.fromArray(SPECIES, sums, row1);
        FloatVector sum11 = FloatVector.fromArray(SPECIES, sums, row1 + LANES);
        FloatVector sum12 = FloatVector.fromArray(SPECIES, sums, row1 + 2 * LANES);
        FloatVector sum13 = FloatVector.fromArray(SPECIES, sums, row1 + 3 * LANES);
        FloatVector sum20 = FloatVector.fromArray(SPECIES, sums, row2);
        FloatVector sum21 = FloatVector.fromArray(SPECIES, sums, row2 + LANES);
        FloatVector sum22 = FloatVector.fromArray(SPECIES, sums, row2 + 2 * LANES);
        FloatVector sum23 = FloatVector.fromArray(SPECIES, sums, row2 + 3 * LANES);
        FloatVector sum30 = FloatVector.fromArray(SPECIES, sums, row3);
        FloatVector sum31 = FloatVector.fromArray(SPECIES, sums, row3 + LANES);
        FloatVector sum32 = FloatVector.fromArray(SPECIES, sums, row3 + 2 * LANES);
        FloatVector sum33 = FloatVector.fromArray(SPECIES, sums, row3 + 3 * LANES);
        int score1 = scoreOffset + scoreStride;
        int score2 = score1 + scoreStride;
        int score3 = score2 + scoreStride;
        for (int key = 0; key < keys; key++) {
            int at = valueOffset + key * valueStride;
            FloatVector v0 = FloatVector.fromArray(SPECIES, values, at);
            FloatVector v1 = FloatVector.fromArray(SPECIES, values, at + LANES);
            FloatVector v2 = FloatVector.fromArray(SPECIES, values, at + 2 * LANES);
            FloatVector v3 = FloatVector.fromArray(SPECIES, values, at + 3 * LANES);
            FloatVector p0 = FloatVector.broadcast(SPECIES, scores[scoreOffset + key]);
            sum00 = p0.fma(v0, sum00);
            sum01 = p0.fma(v1, sum01);
            sum02 = p0.fma(v2, sum02);
            sum03 = p0.fma(v3, sum03);
            FloatVector p1 = FloatVector.broadcast(SPECIES, scores[score1 + key]);
            sum10 = p1.fma(v0, sum10);
            sum11 = p1.fma(v1, sum11);
            sum12 = p1.fma(v2, sum12);
            sum13 = p1.fma(v3, sum13);
            FloatVector p2 = FloatVector.broadcast(SPECIES, scores[score2 + key]);
            sum20 = p2.fma(v0, sum20);
            sum21 = p2.fma(v1, sum21);
            sum22 = p2.fma(v2, sum22);
            sum23 = p2.fma(v3, sum23);
            FloatVector p3 = FloatVector.broadcast(SPECIES, scores[score3 + key]);
            sum30 = p3.fma(v0, sum30);
            sum31 = p3.fma(v1, sum31);
            sum32 = p3.fma(v2, sum32);
            sum33 = p3.fma(v3, sum33);
        }
        sum00.intoArray(sums, sumOffset);
        sum01.intoArray(sums, sumOffset + LANES);
        sum02.intoArray(sums, sumOffset + 2 * LANES);
        sum03.intoArray(sums, sumOffset + 3 * LANES);
        sum10.intoArray(sums, row1);
        sum11.intoArray(sums, row1 + LANES);
        sum12.intoArray(sums, row1 + 2 * LANES);
        sum13.intoArray(sums, row1 + 3 * LANES);
        sum20.intoArray(sums, row2);
        sum21.intoArray(sums, row2 + LANES);
        sum22.intoArray(sums, row2 + 2 * LANES);
        sum23.intoArray(sums, row2 + 3 * LANES);
        sum30.intoArray(sums, row3);
        sum31.intoArray(sums, row3 + LANES);
        sum32.intoArray(sums, row3 + 2 * LANES);
        sum33.intoArray(sums, row3 + 3 * LANES);
    }

    /** Four rows by two vectors. */
    private static void addTwo(float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        int row1 = sumOffset + valueStride;
        int row2 = row1 + valueStride;
        int row3 = row2 + valueStride;
        FloatVector sum00 = FloatVector.fromArray(SPECIES, sums, sumOffset);
        FloatVector sum01 = FloatVector.fromArray(SPECIES, sums, sumOffset + LANES);
        FloatVector sum10 = FloatVector.fromArray(SPECIES, sums, row1);
        FloatVector sum11 = FloatVector.fromArray(SPECIES, sums, row1 + LANES);
        FloatVector sum20 = FloatVector.fromArray(SPECIES, sums, row2);
        FloatVector sum21 = FloatVector.fromArray(SPECIES, sums, row2 + LANES);
        FloatVector sum30 = FloatVector.fromArray(SPECIES, sums, row3);
        FloatVector sum31 = FloatVector.fromArray(SPECIES, sums, row3 + LANES);
        int score1 = scoreOffset + scoreStride;
        int score2 = score1 + scoreStride;
        int score3 = score2 + scoreStride;
        for (int key = 0; key < keys; key++) {
            FloatVector v0 = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride);
            FloatVector v1 = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride + LANES);
            FloatVector p0 = FloatVector.broadcast(SPECIES, scores[scoreOffset + key]);
            sum00 = p0.fma(v0, sum00);
            sum01 = p0.fma(v1, sum01);
            FloatVector p1 = FloatVector.broadcast(SPECIES, scores[score1 + key]);
            sum10 = p1.fma(v0, sum10);
            sum11 = p1.fma(v1, sum11);
            FloatVector p2 = FloatVector.broadcast(SPECIES, scores[score2 + key]);
            sum20 = p2.fma(v0, sum20);
            sum21 = p2.fma(v1, sum21);
            FloatVector p3 = FloatVector.broadcast(SPECIES, scores[score3 + key]);
            sum30 = p3.fma(v0, sum30);
            sum31 = p3.fma(v1, sum31);
        }
        sum00.intoArray(sums, sumOffset);
        sum01.intoArray(sums, sumOffset + LANES);
        sum10.intoArray(sums, row1);
        sum11.intoArray(sums, row1 + LANES);
        sum20.intoArray(sums, row2);
        sum21.intoArray(sums, row2 + LANES);
        sum30.intoArray(sums, row3);
        sum31.intoArray(sums, row3 + LANES);
    }

    /** Four rows by one vector. */
    private static void addOne(float[] scores, int scoreOffset, int scoreStride, float[] values, int valueOffset,
            int valueStride, int keys, float[] sums, int sumOffset) {
        for (int row = 0; row < ProductTile.ROWS; row++) {
            int sumAt = sumOffset + row * valueStride;
            int scoreAt = scoreOffset + row * scoreStride;
            FloatVector sum = FloatVector.fromArray(SPECIES, sums, sumAt);
            for (int key = 0; key < keys; key++) {
                FloatVector value = FloatVector.fromArray(SPECIES, values, valueOffset + key * valueStride);
                sum = FloatVector.broadcast(SPECIES, scores[scoreAt + key]).fma(value, sum);
            }
            sum.intoArray(sums, sumAt);
        }
    }
}
