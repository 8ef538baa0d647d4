package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/** The specification of {@link SelectionKernels} for floats. */
final class ScalarSelection implements SelectionKernels {
    private final DType type;

    ScalarSelection(DType type) {
        this.type = type;
    }

    @Override
    public int levels() {
        return type == DType.F32 ? 2 : 1;
    }

    private int keyOf(float value) {
        return switch (type) {
            case F32 -> Float.floatToRawIntBits(value) & 0x7FFFFFFF;
            case F16 -> Float.floatToFloat16(value) & 0x7FFF;
            default -> Float.floatToRawIntBits(value) >>> 16 & 0x7FFF;
        };
    }

    @Override
    public double magnitude(long key) {
        return switch (type) {
            case F32 -> Float.intBitsToFloat((int) key);
            case F16 -> Float.float16ToFloat((short) key);
            default -> Float.intBitsToFloat((int) key << 16);
        };
    }

    @Override
    public long key(double value) {
        return keyOf((float) value);
    }

    @Override
    public void count(Tile a, int length, int level, long prefix, int[] counts) {
        int shift = 16 * (levels() - 1 - level);
        for (int i = 0; i < length; i++) {
            int key = keyOf(a.floats[i]);
            if (level == 0 || key >>> shift + 16 == prefix) {
                counts[key >>> shift & 0xFFFF]++;
            }
        }
    }

    @Override
    public int countEqual(Tile a, int length, long key) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            if (keyOf(a.floats[i]) == key) {
                equal++;
            }
        }
        return equal;
    }

    @Override
    public int keepLargest(Tile a, int length, long key, long keepEqual) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            int own = keyOf(a.floats[i]);
            if (own < key || own == key && equal++ >= keepEqual) {
                a.floats[i] = 0;
            }
        }
        return equal;
    }

    @Override
    public void keepBetween(Tile a, int length, long low, long dropLow, long high, long keepHigh, int[] seen) {
        for (int i = 0; i < length; i++) {
            int own = keyOf(a.floats[i]);
            boolean keep = own >= low && own <= high;
            if (own == low) {
                keep &= seen[0]++ >= dropLow;
            }
            if (own == high) {
                keep &= seen[1]++ < keepHigh;
            }
            if (!keep) {
                a.floats[i] = 0;
            }
        }
    }

    @Override
    public void keepMarked(Tile a, int length, long[] bits, long firstBit) {
        for (int i = 0; i < length; i++) {
            long bit = firstBit + i;
            if ((bits[(int) (bit >>> 6)] >>> bit & 1) == 0) {
                a.floats[i] = 0;
            }
        }
    }

    @Override
    public int keyBits() {
        return type == DType.F32 ? 31 : 15;
    }

    @Override
    public void keys(Tile a, int length, int[] keys, int from) {
        for (int i = 0; i < length; i++) {
            keys[from + i] = keyOf(a.floats[i]);
        }
    }

    @Override
    public int countNonZero(Tile a, int length) {
        int count = 0;
        for (int i = 0; i < length; i++) {
            if (a.floats[i] != 0) {
                count++;
            }
        }
        return count;
    }
}
