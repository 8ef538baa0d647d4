package io.amalgam.engine.kernel;

/** The specification of {@link RandomKernels}. */
final class ScalarRandom implements RandomKernels {

    @Override
    public void generate(int[] buffer, int count) {
        for (int i = 0; i < count; i++) {
            generateOne(buffer, i);
        }
    }

    static void generateOne(int[] buffer, int i) {
        int joined = buffer[i] & 0x80000000 | buffer[i + 1] & 0x7FFFFFFF;
        buffer[MersenneTwister.STATE + i] = buffer[i + MersenneTwister.MIDDLE]
                ^ joined >>> 1
                ^ -(joined & 1) & MersenneTwister.MATRIX;
    }

    @Override
    public void addStates(int[] stream, int[] places, int[] sum) {
        for (int i = 0; i < MersenneTwister.STATE; i++) {
            int word = 0;
            for (int place : places) {
                word ^= stream[place + i];
            }
            sum[i] = word;
        }
    }

    @Override
    public void mark(int[] raw, int from, int length, int threshold, long[] bits, int firstWord) {
        for (int start = 0; start < length; start += Long.SIZE) {
            long word = 0;
            for (int i = start; i < Math.min(length, start + Long.SIZE); i++) {
                if ((MersenneTwister.temper(raw[from + i]) & 0xFFFFFF) < threshold) {
                    word |= 1L << i;
                }
            }
            bits[firstWord + (start >>> 6)] = word;
        }
    }

    @Override
    public void mark(int[] raw, int from, int length, int[] thresholds, long[] bits, int firstWord) {
        for (int start = 0; start < length; start += Long.SIZE) {
            long word = 0;
            for (int i = start; i < Math.min(length, start + Long.SIZE); i++) {
                if ((MersenneTwister.temper(raw[from + i]) & 0xFFFFFF) < thresholds[i]) {
                    word |= 1L << i;
                }
            }
            bits[firstWord + (start >>> 6)] = word;
        }
    }
}
