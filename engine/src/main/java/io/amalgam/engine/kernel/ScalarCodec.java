package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The specification of {@link CodecKernels}, for all types and both kinds of tiles. */
final class ScalarCodec implements CodecKernels {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    @Override
    public void decode(MemorySegment source, long offset, DType stored, DType cast, Tile to, int length) {
        for (int i = 0; i < length; i++) {
            decodeOne(source, offset + (long) i * stored.bytes(), stored, cast, to, i);
        }
    }

    static void decodeOne(MemorySegment source, long offset, DType stored, DType cast, Tile to, int index) {
        double value = read(source, offset, stored);
        if (cast == DType.F64) {
            to.doubles[index] = value;
            return;
        }
        // Integers go through binary64 exactly up to 2^53; torch converts them to the cast type directly.
        float single = Rounding.of(cast).cast((float) value);
        if (to.doubles != null) {
            to.doubles[index] = single;
        } else {
            to.floats[index] = single;
        }
    }

    /** A bfloat16 as a float. */
    static float bfloat16(MemorySegment source, long offset) {
        return Float.intBitsToFloat(source.get(SHORT, offset) << 16);
    }

    private static double read(MemorySegment source, long offset, DType stored) {
        return switch (stored) {
            case F64 -> source.get(DOUBLE, offset);
            case F32 -> source.get(FLOAT, offset);
            case F16 -> Float.float16ToFloat(source.get(SHORT, offset));
            case BF16 -> bfloat16(source, offset);
            case I64 -> source.get(LONG, offset);
            case I32 -> source.get(INT, offset);
            case I16 -> source.get(SHORT, offset);
            case I8 -> source.get(ValueLayout.JAVA_BYTE, offset);
            case U64 -> {
                long bits = source.get(LONG, offset);
                yield bits >= 0 ? bits : (bits >>> 1) * 2.0;
            }
            case U32 -> Integer.toUnsignedLong(source.get(INT, offset));
            case U16 -> source.get(SHORT, offset) & 0xFFFF;
            case U8, BOOL -> source.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
            case F8_E4M3, F8_E5M2 -> throw new IllegalArgumentException("no arithmetic on " + stored);
        };
    }

    @Override
    public long encode(Tile from, DType type, MemorySegment target, long offset, int length) {
        long nonFinite = 0;
        for (int i = 0; i < length; i++) {
            nonFinite += encodeOne(from, i, type, target, offset + (long) i * type.bytes());
        }
        return nonFinite;
    }

    static int encodeOne(Tile from, int index, DType type, MemorySegment target, long offset) {
        if (from.doubles != null) {
            double value = from.doubles[index];
            if (type == DType.F64) {
                target.set(DOUBLE, offset, value != value ? Double.NaN : value);
                return Double.isFinite(value) ? 0 : 1;
            }
            return encodeFloat((float) value, type, target, offset);
        }
        return encodeFloat(from.floats[index], type, target, offset);
    }

    private static int encodeFloat(float value, DType type, MemorySegment target, long offset) {
        float plain = value != value ? Float.NaN : value;
        switch (type) {
            case F64 -> target.set(DOUBLE, offset, plain);
            case F32 -> target.set(FLOAT, offset, plain);
            case F16 -> {
                short bits = Float.floatToFloat16(plain);
                target.set(SHORT, offset, bits);
                return (bits & 0x7C00) == 0x7C00 ? 1 : 0;
            }
            case BF16 -> {
                short bits = Rounding.toBFloat16(plain);
                target.set(SHORT, offset, bits);
                return (bits & 0x7F80) == 0x7F80 ? 1 : 0;
            }
            default -> throw new IllegalArgumentException("results are not written as " + type);
        }
        return Float.isFinite(plain) ? 0 : 1;
    }

    @Override
    public long countNonFinite(Tile tile, int length) {
        long count = 0;
        for (int i = 0; i < length; i++) {
            count += Double.isFinite(tile.get(i)) ? 0 : 1;
        }
        return count;
    }
}
