package io.amalgam.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The specification of {@link ArithmeticKernels} for doubles. */
final class DoubleArithmetic implements ArithmeticKernels {

    @Override
    public void add(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] + b.doubles[i];
        }
    }

    @Override
    public void subtract(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] - b.doubles[i];
        }
    }

    @Override
    public void difference(Tile to, MemorySegment a, long offset, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = ScalarCodec.bfloat16(a, offset + 2L * i) - b.doubles[i];
        }
    }

    @Override
    public void multiply(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] * b.doubles[i];
        }
    }

    @Override
    public void divide(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] / b.doubles[i];
        }
    }

    @Override
    public void scale(Tile to, Tile a, double factor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] * factor;
        }
    }

    @Override
    public void divideBy(Tile to, Tile a, double divisor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] / divisor;
        }
    }

    @Override
    public void quotient(Tile to, MemorySegment a, long offset, double divisor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = ScalarCodec.bfloat16(a, offset + 2L * i) / divisor;
        }
    }

    @Override
    public void addLogarithm(Tile to, Tile direction, Tile point, double cosine, double factor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] += (direction.doubles[i] - point.doubles[i] * cosine) * factor;
        }
    }

    @Override
    public void scaledDifference(Tile to, Tile a, Tile b, double factor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = (a.doubles[i] - b.doubles[i]) * factor;
        }
    }

    @Override
    public void weightedSum(Tile to, Tile a, double p, Tile b, double q, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] * p + b.doubles[i] * q;
        }
    }

    @Override
    public void multiplyAdd(Tile to, Tile a, double factor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Math.fma(a.doubles[i], factor, to.doubles[i]);
        }
    }

    @Override
    public void multiplyAdd(Tile to, MemorySegment a, long offset, double factor, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Math.fma(ScalarCodec.bfloat16(a, offset + 2L * i), factor, to.doubles[i]);
        }
    }

    @Override
    public void blend(Tile to, Tile a, double p, Tile b, double q, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] * p + b.doubles[i] * q;
        }
    }

    @Override
    public void sum(Tile to, Tile[] tiles, int count, int interleavedFrom, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = i < interleavedFrom ? sumInOrder(tiles, count, i) : sumInterleaved(tiles, count, i);
        }
    }

    static double sumInOrder(Tile[] tiles, int count, int index) {
        double sum = 0;
        for (int tile = 0; tile < count; tile++) {
            sum += tiles[tile].doubles[index];
        }
        return sum;
    }

    private static double sumInterleaved(Tile[] tiles, int count, int index) {
        double[] partial = new double[4];
        for (int tile = 0; tile < count; tile++) {
            partial[tile < (count & ~3) ? tile & 3 : 0] += tiles[tile].doubles[index];
        }
        return partial[0] + partial[1] + partial[2] + partial[3];
    }

    @Override
    public void addScalar(Tile to, Tile a, double value, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] + value;
        }
    }

    @Override
    public void magnitude(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Math.abs(a.doubles[i]);
        }
    }

    @Override
    public void exponential(Tile to, Tile a, double shift, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Transcendental.exp(a.doubles[i] - shift);
        }
    }

    @Override
    public void logarithm(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Transcendental.log(a.doubles[i]);
        }
    }

    @Override
    public void keepAtLeast(Tile to, Tile condition, double least, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = to.doubles[i] * (condition.doubles[i] >= least ? 1.0 : 0.0);
        }
    }

    @Override
    public void fill(Tile to, double value, int length) {
        Arrays.fill(to.doubles, 0, length, value);
    }

    @Override
    public void round(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i];
        }
    }

    @Override
    public void nearSwap(Tile to, Tile x, Tile b, double t, double floor, int length) {
        for (int i = 0; i < length; i++) {
            double distance = Math.max(Math.abs(b.doubles[i] - x.doubles[i]), floor);
            double share = 1 / distance * t;
            share = Math.min(Math.max(share, 0), 1);
            double rest = 1 - share;
            to.doubles[i] = share * x.doubles[i] + rest * b.doubles[i];
        }
    }
}
