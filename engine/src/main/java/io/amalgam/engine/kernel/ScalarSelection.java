package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/** The specification of {@link SelectionKernels}, for all types and both kinds of tiles. */
final class ScalarSelection implements SelectionKernels {
    private final DType type;

    ScalarSelection(DType type) {
        this.type = type;
    }

    @Override
    public int levels() {
        return switch (type) {
            case F64 -> 4;
            case F32 -> 2;
            default -> 1;
        };
    }

    private long keyOf(double value) {
        return switch (type) {
            case F64 -> Double.doubleToRawLongBits(value) & Long.MAX_VALUE;
            case F32 -> Float.floatToRawIntBits((float) value) & 0x7FFFFFFF;
            case F16 -> Float.floatToFloat16((float) value) & 0x7FFF;
            default -> Float.floatToRawIntBits((float) value) >>> 16 & 0x7FFF;
        };
    }

    @Override
    public double magnitude(long key) {
        return switch (type) {
            case F64 -> Double.longBitsToDouble(key);
            case F32 -> Float.intBitsToFloat((int) key);
            case F16 -> Float.float16ToFloat((short) key);
            default -> Float.intBitsToFloat((int) key << 16);
        };
    }

    @Override
    public long key(double value) {
        return keyOf(value);
    }

    @Override
    public void count(Tile a, int length, int level, long prefix, int[] counts) {
        int shift = 16 * (levels() - 1 - level);
        for (int i = 0; i < length; i++) {
            long key = keyOf(a.get(i));
            if (level == 0 || key >>> shift + 16 == prefix) {
                counts[(int) (key >>> shift) & 0xFFFF]++;
            }
        }
    }

    @Override
    public void countWithin(Tile a, int length, int first, int end, int[] counts, int[] scratch) {
        int shift = 16 * (levels() - 1);
        for (int i = 0; i < length; i++) {
            counts[Math.clamp(keyOf(a.get(i)) >>> shift, first - 1, end)]++;
        }
    }

    @Override
    public int countEqual(Tile a, int length, long key) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            if (keyOf(a.get(i)) == key) {
                equal++;
            }
        }
        return equal;
    }

    @Override
    public int keepLargest(Tile a, int length, long key, long keepEqual) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            long own = keyOf(a.get(i));
            if (own < key || own == key && equal++ >= keepEqual) {
                a.set(i, 0);
            }
        }
        return equal;
    }

    @Override
    public void keepBetween(Tile a, int length, long low, long dropLow, long high, long keepHigh, int[] seen) {
        for (int i = 0; i < length; i++) {
            long own = keyOf(a.get(i));
            boolean keep = own >= low && own <= high;
            if (own == low) {
                keep &= seen[0]++ >= dropLow;
            }
            if (own == high) {
                keep &= seen[1]++ < keepHigh;
            }
            if (!keep) {
                a.set(i, 0);
            }
        }
    }

    @Override
    public void markNonZero(Tile a, int length, long[] bits, long firstBit) {
        for (int from = 0; from < length; from += Long.SIZE) {
            bits[(int) (firstBit + from >>> 6)] = nonZero(a, from, Math.min(Long.SIZE, length - from));
        }
    }

    /** A bit for each of up to 64 elements, the first one lowest. */
    static long nonZero(Tile a, int from, int count) {
        long word = 0;
        for (int i = 0; i < count; i++) {
            word |= (a.get(from + i) != 0 ? 1L : 0L) << i;
        }
        return word;
    }

    @Override
    public void keepMarked(Tile a, int length, long[] bits, long firstBit) {
        for (int i = 0; i < length; i++) {
            long bit = firstBit + i;
            if ((bits[(int) (bit >>> 6)] >>> bit & 1) == 0) {
                a.set(i, 0);
            }
        }
    }

    @Override
    public int keyBits() {
        return type == DType.F32 || type == DType.F64 ? 31 : 15;
    }

    @Override
    public void keys(Tile a, int length, int[] keys, int from) {
        for (int i = 0; i < length; i++) {
            long key = keyOf(a.get(i));
            keys[from + i] = (int) (type == DType.F64 ? key >>> 32 : key);
        }
    }

    @Override
    public int countNonZero(Tile a, int length) {
        int count = 0;
        for (int i = 0; i < length; i++) {
            if (a.get(i) != 0) {
                count++;
            }
        }
        return count;
    }
}
