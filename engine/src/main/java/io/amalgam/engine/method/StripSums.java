package io.amalgam.engine.method;

/**
 * Sums over the elements of a tensor, in binary64 over a fixed tree: tiles of a strip in order, strips of the tensor in
 * order. Each strip writes its own place, so that threads need no lock.
 */
final class StripSums {
    private final int kinds;
    private final double[] sums;

    /** @param kinds how many different sums */
    StripSums(int strips, int kinds) {
        this.kinds = kinds;
        sums = new double[Math.multiplyExact(strips, kinds)];
    }

    /** Adds to one sum of a strip. */
    void add(int strip, int kind, double value) {
        sums[strip * kinds + kind] += value;
    }

    /** The sum over all strips. */
    double total(int kind) {
        double total = 0;
        for (int index = kind; index < sums.length; index += kinds) {
            total += sums[index];
        }
        return total;
    }
}
