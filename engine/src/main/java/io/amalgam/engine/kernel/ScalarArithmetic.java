package io.amalgam.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The specification of {@link ArithmeticKernels} for floats. */
final class ScalarArithmetic implements ArithmeticKernels {
    private final Rounding rounding;

    ScalarArithmetic(Rounding rounding) {
        this.rounding = rounding;
    }

    @Override
    public void add(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] + b.floats[i]);
        }
    }

    @Override
    public void subtract(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] - b.floats[i]);
        }
    }

    @Override
    public void difference(Tile to, MemorySegment a, long offset, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(ScalarCodec.bfloat16(a, offset + 2L * i) - b.floats[i]);
        }
    }

    @Override
    public void multiply(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] * b.floats[i]);
        }
    }

    @Override
    public void divide(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] / b.floats[i]);
        }
    }

    @Override
    public void scale(Tile to, Tile a, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] * single);
        }
    }

    @Override
    public void divideBy(Tile to, Tile a, double divisor, int length) {
        float single = (float) divisor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] / single);
        }
    }

    @Override
    public void quotient(Tile to, MemorySegment a, long offset, double divisor, int length) {
        float single = (float) divisor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(ScalarCodec.bfloat16(a, offset + 2L * i) / single);
        }
    }

    @Override
    public void addLogarithm(Tile to, Tile direction, Tile point, double cosine, double factor, int length) {
        float first = (float) cosine;
        float second = (float) factor;
        for (int i = 0; i < length; i++) {
            float away = rounding.round(direction.floats[i] - rounding.round(point.floats[i] * first));
            to.floats[i] = rounding.round(to.floats[i] + rounding.round(away * second));
        }
    }

    @Override
    public void scaledDifference(Tile to, Tile a, Tile b, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(rounding.round(a.floats[i] - b.floats[i]) * single);
        }
    }

    @Override
    public void weightedSum(Tile to, Tile a, double p, Tile b, double q, int length) {
        float first = (float) p;
        float second = (float) q;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(rounding.round(a.floats[i] * first) + rounding.round(b.floats[i] * second));
        }
    }

    @Override
    public void multiplyAdd(Tile to, Tile a, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = Math.fma(a.floats[i], single, to.floats[i]);
        }
    }

    @Override
    public void multiplyAdd(Tile to, MemorySegment a, long offset, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i++) {
            to.floats[i] = Math.fma(ScalarCodec.bfloat16(a, offset + 2L * i), single, to.floats[i]);
        }
    }

    @Override
    public void blend(Tile to, Tile a, double p, Tile b, double q, int length) {
        float first = (float) p;
        float second = (float) q;
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] * first + b.floats[i] * second);
        }
    }

    @Override
    public void sum(Tile to, Tile[] tiles, int count, int interleavedFrom, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(
                    i < interleavedFrom ? sumInOrder(tiles, count, i) : sumInterleaved(tiles, count, i));
        }
    }

    static float sumInOrder(Tile[] tiles, int count, int index) {
        float sum = 0;
        for (int tile = 0; tile < count; tile++) {
            sum += tiles[tile].floats[index];
        }
        return sum;
    }

    private static float sumInterleaved(Tile[] tiles, int count, int index) {
        float[] partial = new float[4];
        for (int tile = 0; tile < count; tile++) {
            partial[tile < (count & ~3) ? tile & 3 : 0] += tiles[tile].floats[index];
        }
        return partial[0] + partial[1] + partial[2] + partial[3];
    }

    @Override
    public void addScalar(Tile to, Tile a, double value, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(a.floats[i] + (float) value);
        }
    }

    @Override
    public void magnitude(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = Math.abs(a.floats[i]);
        }
    }

    @Override
    public void exponential(Tile to, Tile a, double shift, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round((float) Transcendental.exp(a.floats[i] - shift));
        }
    }

    @Override
    public void logarithm(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round((float) Transcendental.log(a.floats[i]));
        }
    }

    @Override
    public void keepAtLeast(Tile to, Tile condition, double least, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.round(to.floats[i] * (condition.floats[i] >= least ? 1f : 0f));
        }
    }

    @Override
    public void fill(Tile to, double value, int length) {
        Arrays.fill(to.floats, 0, length, (float) value);
    }

    @Override
    public void round(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = rounding.cast(a.floats[i]);
        }
    }

    @Override
    public void nearSwap(Tile to, Tile x, Tile b, double t, double floor, int length) {
        float factor = (float) t;
        float least = (float) floor;
        for (int i = 0; i < length; i++) {
            float distance = Math.max(Math.abs(rounding.round(b.floats[i] - x.floats[i])), least);
            float share = rounding.round(rounding.round(1 / distance) * factor);
            share = Math.min(Math.max(share, 0), 1);
            float rest = rounding.round(1 - share);
            to.floats[i] = rounding.round(
                    rounding.round(share * x.floats[i]) + rounding.round(rest * b.floats[i]));
        }
    }
}
