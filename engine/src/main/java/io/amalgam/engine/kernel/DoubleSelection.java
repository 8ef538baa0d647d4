package io.amalgam.engine.kernel;

/** {@link SelectionKernels} for doubles. */
final class DoubleSelection implements SelectionKernels {

    @Override
    public int levels() {
        return 4;
    }

    private static long keyOf(double value) {
        return Double.doubleToRawLongBits(value) & Long.MAX_VALUE;
    }

    @Override
    public double magnitude(long key) {
        return Double.longBitsToDouble(key);
    }

    @Override
    public long key(double value) {
        return keyOf(value);
    }

    @Override
    public void count(Tile a, int length, int level, long prefix, int[] counts) {
        int shift = 16 * (levels() - 1 - level);
        for (int i = 0; i < length; i++) {
            long key = keyOf(a.doubles[i]);
            if (level == 0 || key >>> shift + 16 == prefix) {
                counts[(int) (key >>> shift) & 0xFFFF]++;
            }
        }
    }

    @Override
    public int countEqual(Tile a, int length, long key) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            if (keyOf(a.doubles[i]) == key) {
                equal++;
            }
        }
        return equal;
    }

    @Override
    public int keepLargest(Tile a, int length, long key, long keepEqual) {
        int equal = 0;
        for (int i = 0; i < length; i++) {
            long own = keyOf(a.doubles[i]);
            if (own < key || own == key && equal++ >= keepEqual) {
                a.doubles[i] = 0;
            }
        }
        return equal;
    }

    @Override
    public void keepBetween(Tile a, int length, long low, long dropLow, long high, long keepHigh, int[] seen) {
        for (int i = 0; i < length; i++) {
            long own = keyOf(a.doubles[i]);
            boolean keep = own >= low && own <= high;
            if (own == low) {
                keep &= seen[0]++ >= dropLow;
            }
            if (own == high) {
                keep &= seen[1]++ < keepHigh;
            }
            if (!keep) {
                a.doubles[i] = 0;
            }
        }
    }

    @Override
    public void keepMarked(Tile a, int length, long[] bits, long firstBit) {
        for (int i = 0; i < length; i++) {
            long bit = firstBit + i;
            if ((bits[(int) (bit >>> 6)] >>> bit & 1) == 0) {
                a.doubles[i] = 0;
            }
        }
    }

    @Override
    public int keyBits() {
        return 31;
    }

    @Override
    public void keys(Tile a, int length, int[] keys, int from) {
        for (int i = 0; i < length; i++) {
            keys[from + i] = (int) (keyOf(a.doubles[i]) >>> 32);
        }
    }

    @Override
    public int countNonZero(Tile a, int length) {
        int count = 0;
        for (int i = 0; i < length; i++) {
            if (a.doubles[i] != 0) {
                count++;
            }
        }
        return count;
    }
}
