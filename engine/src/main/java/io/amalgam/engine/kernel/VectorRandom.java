package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link RandomKernels} on vectors; a template of {@link VectorTemplates}. A word of the recurrence depends on words at
 * least 227 places before it, so a vector of neighbours can be made at once.
 */
final class VectorRandom implements RandomKernels {
    private static final VectorSpecies<Integer> INTS = VectorTemplates.Constants.of(MethodHandles.lookup()).ints();
    private static final int LANES = INTS.length();

    private final ScalarRandom scalar = new ScalarRandom();

    @Override
    public void generate(int[] buffer, int count) {
        int whole = count & -LANES;
        for (int i = 0; i < whole; i += LANES) {
            IntVector joined = IntVector.fromArray(INTS, buffer, i).and(0x80000000)
                    .or(IntVector.fromArray(INTS, buffer, i + 1).and(0x7FFFFFFF));
            IntVector odd = joined.and(1).neg().and(MersenneTwister.MATRIX);
            IntVector.fromArray(INTS, buffer, i + MersenneTwister.MIDDLE)
                    .lanewise(VectorOperators.XOR, joined.lanewise(VectorOperators.LSHR, 1))
                    .lanewise(VectorOperators.XOR, odd)
                    .intoArray(buffer, i + MersenneTwister.STATE);
        }
        for (int i = whole; i < count; i++) {
            ScalarRandom.generateOne(buffer, i);
        }
    }

    @Override
    public void addStates(int[] stream, int[] places, int[] sum) {
        // A state has a multiple of three vectors, whatever their width.
        for (int i = 0; i < MersenneTwister.STATE; i += 3 * LANES) {
            IntVector first = IntVector.zero(INTS);
            IntVector second = IntVector.zero(INTS);
            IntVector third = IntVector.zero(INTS);
            for (int place : places) {
                int at = place + i;
                first = first.lanewise(VectorOperators.XOR, IntVector.fromArray(INTS, stream, at));
                second = second.lanewise(VectorOperators.XOR, IntVector.fromArray(INTS, stream, at + LANES));
                third = third.lanewise(VectorOperators.XOR, IntVector.fromArray(INTS, stream, at + 2 * LANES));
            }
            first.intoArray(sum, i);
            second.intoArray(sum, i + LANES);
            third.intoArray(sum, i + 2 * LANES);
        }
    }

    @Override
    public void mark(int[] raw, int from, int length, int threshold, long[] bits, int firstWord) {
        int whole = length & -Long.SIZE;
        for (int start = 0; start < whole; start += Long.SIZE) {
            long word = 0;
            for (int i = 0; i < Long.SIZE; i += LANES) {
                word |= Lanes.draws(INTS, raw, from + start + i).compare(VectorOperators.LT, threshold).toLong() << i;
            }
            bits[firstWord + (start >>> 6)] = word;
        }
        if (whole < length) {
            scalar.mark(raw, from + whole, length - whole, threshold, bits, firstWord + (whole >>> 6));
        }
    }

    @Override
    public void mark(int[] raw, int from, int length, int[] thresholds, long[] bits, int firstWord) {
        int whole = length & -Long.SIZE;
        for (int start = 0; start < whole; start += Long.SIZE) {
            long word = 0;
            for (int i = 0; i < Long.SIZE; i += LANES) {
                IntVector threshold = IntVector.fromArray(INTS, thresholds, start + i);
                word |= Lanes.draws(INTS, raw, from + start + i).compare(VectorOperators.LT, threshold).toLong() << i;
            }
            bits[firstWord + (start >>> 6)] = word;
        }
        if (whole < length) {
            int[] rest = java.util.Arrays.copyOfRange(thresholds, whole, length);
            scalar.mark(raw, from + whole, length - whole, rest, bits, firstWord + (whole >>> 6));
        }
    }
}
