package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@link SelectionKernels} on vectors; a template of {@link VectorTemplates}. Keys are compared as the bits of floats,
 * which order as keys do.
 */
final class VectorSelection implements SelectionKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = CONSTANTS.floats();
    private static final VectorSpecies<Integer> INTS = CONSTANTS.ints();
    private static final int LANES = FLOATS.length();
    private static final DType TYPE = CONSTANTS.type();
    /** In each lane, the bit of its number. */
    private static final IntVector LANE_BITS =
            IntVector.broadcast(INTS, 1).lanewise(VectorOperators.LSHL, IntVector.zero(INTS).addIndex(1));

    /** Narrower vectors of x86 and ARM cannot be compressed. */
    private static final int LEAST_TO_COMPRESS = 8;

    private final ScalarSelection scalar = new ScalarSelection(TYPE);

    /** The bits of the float that has a key. */
    private int bits(long key) {
        return key > Integer.MAX_VALUE ? Integer.MAX_VALUE : Float.floatToRawIntBits((float) scalar.magnitude(key));
    }

    @Override
    public int levels() {
        return scalar.levels();
    }

    @Override
    public int keyBits() {
        return scalar.keyBits();
    }

    @Override
    public double magnitude(long key) {
        return scalar.magnitude(key);
    }

    @Override
    public long key(double value) {
        return scalar.key(value);
    }

    @Override
    public void count(Tile a, int length, int level, long prefix, int[] counts) {
        float[] values = a.floats;
        if (TYPE == DType.BF16 || TYPE == DType.F32 && level == 0) {
            // The upper half of the bits is the first digit of both types.
            for (int i = 0; i < length; i++) {
                counts[Float.floatToRawIntBits(values[i]) >>> 16 & 0x7FFF]++;
            }
        } else if (TYPE == DType.F32) {
            countLower(a, length, (int) prefix, counts);
        } else {
            scalar.count(a, length, level, prefix, counts);
        }
    }

    private static void countLower(Tile a, int length, int prefix, int[] counts) {
        int whole = length & -LANES;
        for (int i = 0; i < whole; i += LANES) {
            VectorMask<Integer> here =
                    Lanes.sizes(FLOATS, a, i).lanewise(VectorOperators.LSHR, 16).compare(VectorOperators.EQ, prefix);
            for (long lanes = here.toLong(); lanes != 0; lanes &= lanes - 1) {
                counts[Float.floatToRawIntBits(a.floats[i + Long.numberOfTrailingZeros(lanes)]) & 0xFFFF]++;
            }
        }
        for (int i = whole; i < length; i++) {
            int key = Float.floatToRawIntBits(a.floats[i]) & 0x7FFFFFFF;
            if (key >>> 16 == prefix) {
                counts[key & 0xFFFF]++;
            }
        }
    }

    @Override
    public void countWithin(Tile a, int length, int first, int end, int[] counts, int[] scratch) {
        if (TYPE != DType.BF16 && TYPE != DType.F32 || LANES < LEAST_TO_COMPRESS) {
            scalar.countWithin(a, length, first, end, counts, scratch);
            return;
        }
        int whole = length & -LANES;
        int within = 0;
        int before = 0;
        for (int i = 0; i < whole; i += LANES) {
            IntVector digits = Lanes.sizes(FLOATS, a, i).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> beforeEnd = digits.compare(VectorOperators.LT, end);
            VectorMask<Integer> here = digits.compare(VectorOperators.GE, first).and(beforeEnd);
            digits.compress(here).intoArray(scratch, within);
            within += here.trueCount();
            before += beforeEnd.trueCount();
        }
        for (int i = 0; i < within; i++) {
            counts[scratch[i]]++;
        }
        counts[first - 1] += before - within;
        counts[end] += whole - before;
        for (int i = whole; i < length; i++) {
            counts[Math.clamp(Float.floatToRawIntBits(a.floats[i]) >>> 16 & 0x7FFF, first - 1, end)]++;
        }
    }

    @Override
    public int countEqual(Tile a, int length, long key) {
        int wanted = bits(key);
        int whole = length & -LANES;
        int equal = 0;
        for (int i = 0; i < whole; i += LANES) {
            equal += Lanes.sizes(FLOATS, a, i).compare(VectorOperators.EQ, wanted).trueCount();
        }
        for (int i = whole; i < length; i++) {
            equal += (Float.floatToRawIntBits(a.floats[i]) & 0x7FFFFFFF) == wanted ? 1 : 0;
        }
        return equal;
    }

    @Override
    public int keepLargest(Tile a, int length, long key, long keepEqual) {
        int equal = keepEqual == Long.MAX_VALUE || keepEqual == 0 ? 0 : countEqual(a, length, key);
        if (equal > keepEqual && keepEqual > 0) {
            return scalar.keepLargest(a, length, key, keepEqual);
        }
        // All that are equal go one way.
        int least = keepEqual == 0 ? bits(key) + 1 : bits(key);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(FLOATS, a.floats, i);
            VectorMask<Integer> small = value.reinterpretAsInts().and(0x7FFFFFFF).compare(VectorOperators.LT, least);
            value.blend(0, small.cast(FLOATS)).intoArray(a.floats, i);
        }
        return equal;
    }

    @Override
    public void keepBetween(Tile a, int length, long low, long dropLow, long high, long keepHigh, int[] seen) {
        int equalLow = dropLow == 0 || dropLow == Long.MAX_VALUE ? 0 : countEqual(a, length, low);
        int equalHigh = keepHigh == 0 || keepHigh == Long.MAX_VALUE ? 0 : countEqual(a, length, high);
        if (dropLow > 0 && equalLow > dropLow || keepHigh > 0 && equalHigh > keepHigh) {
            scalar.keepBetween(a, length, low, dropLow, high, keepHigh, seen);
            return;
        }
        seen[0] += equalLow;
        seen[1] += equalHigh;
        int least = dropLow == 0 ? bits(low) : bits(low) + 1;
        int most = keepHigh == 0 && high <= Integer.MAX_VALUE ? bits(high) - 1 : bits(high);
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = FloatVector.fromArray(FLOATS, a.floats, i);
            IntVector size = value.reinterpretAsInts().and(0x7FFFFFFF);
            VectorMask<Integer> out =
                    size.compare(VectorOperators.LT, least).or(size.compare(VectorOperators.GT, most));
            value.blend(0, out.cast(FLOATS)).intoArray(a.floats, i);
        }
    }

    @Override
    public void markNonZero(Tile a, int length, long[] bits, long firstBit) {
        int whole = length & -Long.SIZE;
        for (int start = 0; start < whole; start += Long.SIZE) {
            long word = 0;
            for (int i = 0; i < Long.SIZE; i += LANES) {
                word |= Lanes.load(FLOATS, a, start + i).compare(VectorOperators.NE, 0).toLong() << i;
            }
            bits[(int) (firstBit + start >>> 6)] = word;
        }
        if (whole < length) {
            bits[(int) (firstBit + whole >>> 6)] = ScalarSelection.nonZero(a, whole, length - whole);
        }
    }

    @Override
    public void keepMarked(Tile a, int length, long[] bits, long firstBit) {
        for (int i = 0; i < length; i += LANES) {
            long bit = firstBit + i;
            int own = (int) (bits[(int) (bit >>> 6)] >>> bit);
            VectorMask<Integer> dropped =
                    IntVector.broadcast(INTS, own).and(LANE_BITS).compare(VectorOperators.EQ, 0);
            FloatVector.fromArray(FLOATS, a.floats, i).blend(0, dropped.cast(FLOATS)).intoArray(a.floats, i);
        }
    }

    @Override
    public void keys(Tile a, int length, int[] keys, int from) {
        if (TYPE == DType.F16) {
            scalar.keys(a, length, keys, from);
            return;
        }
        int shift = TYPE == DType.BF16 ? 16 : 0;
        int whole = length & -LANES;
        for (int i = 0; i < whole; i += LANES) {
            Lanes.sizes(FLOATS, a, i).lanewise(VectorOperators.LSHR, shift).intoArray(keys, from + i);
        }
        for (int i = whole; i < length; i++) {
            keys[from + i] = (Float.floatToRawIntBits(a.floats[i]) & 0x7FFFFFFF) >>> shift;
        }
    }

    @Override
    public int countNonZero(Tile a, int length) {
        int whole = length & -LANES;
        int count = 0;
        for (int i = 0; i < whole; i += LANES) {
            count += Lanes.sizes(FLOATS, a, i).compare(VectorOperators.NE, 0).trueCount();
        }
        for (int i = whole; i < length; i++) {
            count += a.floats[i] != 0 ? 1 : 0;
        }
        return count;
    }
}
