package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/** Rounding of a float to the type of the arithmetic: to nearest, ties to even, as torch does after every operation. */
enum Rounding {
    /** No rounding: arithmetic in binary32. */
    F32,
    /** To binary16. */
    F16,
    /** To bfloat16. */
    BF16;

    /** The rounding of a floating type narrower than 64 bits. */
    static Rounding of(DType type) {
        return switch (type) {
            case F32 -> F32;
            case F16 -> F16;
            case BF16 -> BF16;
            default -> throw new IllegalArgumentException("no float rounding for " + type);
        };
    }

    /** Rounds. A NaN whose payload lies in its upper 16 bits, as all NaNs of arithmetic do, stays a NaN. */
    float round(float value) {
        return switch (this) {
            case F32 -> value;
            case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
            case BF16 -> roundToBFloat16(value);
        };
    }

    static float roundToBFloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7FFF + (bits >>> 16 & 1) & 0xFFFF0000);
    }

    /** The upper half of the rounded value; every NaN becomes the canonical one. */
    static short toBFloat16(float value) {
        return value != value ? (short) 0x7FC0 : (short) (Float.floatToRawIntBits(roundToBFloat16(value)) >>> 16);
    }

    /** Rounds any value, also a NaN with a payload in its lower half. */
    float cast(float value) {
        return value != value ? Float.NaN : round(value);
    }
}
