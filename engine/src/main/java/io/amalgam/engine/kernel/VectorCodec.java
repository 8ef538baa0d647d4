package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link CodecKernels} on vectors; a template of {@link VectorTemplates}. Rare types go through the specification. */
final class VectorCodec implements CodecKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = CONSTANTS.floats();
    private static final VectorSpecies<Integer> INTS = CONSTANTS.ints();
    private static final VectorSpecies<Short> SHORTS = CONSTANTS.halfShorts();
    private static final LaneRounder TO_BF16 = CONSTANTS.rounder(DType.BF16);
    private static final LaneRounder TO_F16 = CONSTANTS.rounder(DType.F16);
    private static final LaneRounder TO_F32 = CONSTANTS.rounder(DType.F32);
    private static final int LANES = FLOATS.length();
    private static final int INFINITY = 0x7F800000;

    private final ScalarCodec scalar = new ScalarCodec();

    @Override
    public void decode(MemorySegment source, long offset, DType stored, DType cast, Tile to, int length) {
        if (to.floats == null || cast == DType.F64 || !(stored == DType.BF16 || stored == DType.F32 || stored == DType.F16)) {
            scalar.decode(source, offset, stored, cast, to, length);
            return;
        }
        int whole = length & -LANES;
        if (stored == DType.BF16) {
            short[] halves = to.halves();
            MemorySegment.copy(source, ScalarCodec.SHORT, offset, halves, 0, whole);
            for (int i = 0; i < whole; i += LANES) {
                TO_BF16.bfloat16(halves, i).intoArray(to.floats, i);
            }
        } else if (stored == DType.F32) {
            MemorySegment.copy(source, ScalarCodec.FLOAT, offset, to.floats, 0, whole);
        } else {
            for (int i = 0; i < whole; i++) {
                to.floats[i] = Float.float16ToFloat(source.get(ScalarCodec.SHORT, offset + 2L * i));
            }
        }
        for (int i = whole; i < length; i++) {
            ScalarCodec.decodeOne(source, offset + (long) i * stored.bytes(), stored, cast, to, i);
        }
        if (cast == DType.BF16 && stored != cast) {
            for (int i = 0; i < whole; i += LANES) {
                TO_BF16.cast(FloatVector.fromArray(FLOATS, to.floats, i)).intoArray(to.floats, i);
            }
        } else if (cast == DType.F16 && stored != cast) {
            for (int i = 0; i < whole; i += LANES) {
                TO_F16.cast(FloatVector.fromArray(FLOATS, to.floats, i)).intoArray(to.floats, i);
            }
        } else if (stored != cast) {
            for (int i = 0; i < whole; i += LANES) {
                TO_F32.cast(FloatVector.fromArray(FLOATS, to.floats, i)).intoArray(to.floats, i);
            }
        }
    }

    @Override
    public long encode(Tile from, DType type, MemorySegment target, long offset, int length) {
        if (from.floats == null || type == DType.F64) {
            return scalar.encode(from, type, target, offset, length);
        }
        int whole = length & -LANES;
        int largest = switch (type) {
            case BF16 -> encodeBFloat16(from, target, offset, whole);
            case F16 -> encodeFloat16(from, target, offset, whole);
            default -> encodeFloat(from, target, offset, whole);
        };
        long nonFinite = 0;
        if (largest >= INFINITY) {
            nonFinite = countFrom(from, type, whole);
        }
        for (int i = whole; i < length; i++) {
            nonFinite += ScalarCodec.encodeOne(from, i, type, target, offset + (long) i * type.bytes());
        }
        return nonFinite;
    }

    private static long countFrom(Tile from, DType type, int whole) {
        Rounding rounding = Rounding.of(type);
        long count = 0;
        for (int i = 0; i < whole; i++) {
            count += Float.isFinite(rounding.cast(from.floats[i])) ? 0 : 1;
        }
        return count;
    }

    /** Writes elements; returns the largest magnitude of what was written, as the bits of a float. */
    private static int encodeBFloat16(Tile from, MemorySegment target, long offset, int whole) {
        short[] halves = from.halves();
        IntVector largest = IntVector.zero(INTS);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector value = FloatVector.fromArray(FLOATS, from.floats, i);
            largest = largest.max(value.reinterpretAsInts().and(0x7FFFFFFF));
            ((ShortVector) TO_BF16.round(value).reinterpretAsInts().lanewise(VectorOperators.ASHR, 16).convertShape(VectorOperators.I2S, SHORTS, 0))
                    .intoArray(halves, i);
        }
        MemorySegment.copy(halves, 0, target, ScalarCodec.SHORT, offset, whole);
        return ofEncoded(largest.reduceLanes(VectorOperators.MAX), from, DType.BF16, target, offset, whole);
    }

    /** The largest magnitude as it was encoded; where there is a NaN, encodes again, since only the canonical one is written. */
    private static int ofEncoded(int largest, Tile from, DType type, MemorySegment target, long offset, int whole) {
        if (largest > INFINITY) {
            for (int i = 0; i < whole; i++) {
                ScalarCodec.encodeOne(from, i, type, target, offset + (long) i * type.bytes());
            }
            return largest;
        }
        return Float.floatToRawIntBits(Rounding.of(type).cast(Float.intBitsToFloat(largest)));
    }

    private static int encodeFloat(Tile from, MemorySegment target, long offset, int whole) {
        IntVector largest = IntVector.zero(INTS);
        for (int i = 0; i < whole; i += LANES) {
            largest = largest.max(FloatVector.fromArray(FLOATS, from.floats, i).reinterpretAsInts().and(0x7FFFFFFF));
        }
        MemorySegment.copy(from.floats, 0, target, ScalarCodec.FLOAT, offset, whole);
        return ofEncoded(largest.reduceLanes(VectorOperators.MAX), from, DType.F32, target, offset, whole);
    }

    private static int encodeFloat16(Tile from, MemorySegment target, long offset, int whole) {
        int largest = 0;
        for (int i = 0; i < whole; i++) {
            short bits = Float.floatToFloat16(from.floats[i] != from.floats[i] ? Float.NaN : from.floats[i]);
            largest = Math.max(largest, bits & 0x7FFF);
            target.set(ScalarCodec.SHORT, offset + 2L * i, bits);
        }
        return largest >= 0x7C00 ? INFINITY : 0;
    }

    @Override
    public long countNonFinite(Tile tile, int length) {
        if (tile.floats == null) {
            return scalar.countNonFinite(tile, length);
        }
        int whole = length & -LANES;
        IntVector largest = IntVector.zero(INTS);
        for (int i = 0; i < whole; i += LANES) {
            largest = largest.max(FloatVector.fromArray(FLOATS, tile.floats, i).reinterpretAsInts().and(0x7FFFFFFF));
        }
        boolean finite = largest.reduceLanes(VectorOperators.MAX) < INFINITY;
        long count = finite ? 0 : countFrom(tile, DType.F32, whole);
        for (int i = whole; i < length; i++) {
            count += Float.isFinite(tile.floats[i]) ? 0 : 1;
        }
        return count;
    }
}
