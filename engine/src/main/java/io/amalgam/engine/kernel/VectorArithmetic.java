package io.amalgam.engine.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link ArithmeticKernels} on vectors; a template of {@link VectorTemplates}. Tiles are padded, so there are no tails. */
final class VectorArithmetic implements ArithmeticKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = CONSTANTS.floats();
    private static final int LANES = FLOATS.length();
    private static final VectorSpecies<Double> DOUBLES = CONSTANTS.doubles();
    private static final VectorSpecies<Float> NARROW = CONSTANTS.halfFloats();
    private static final int PAIRED = DOUBLES.length();
    private static final Rounding ROUNDING = CONSTANTS.rounding();
    private static final LaneRounder ROUNDER = CONSTANTS.rounder();

    private final ArithmeticKernels scalar = new ScalarArithmetic(ROUNDING);

    /** Fetches bfloat16 elements from memory. */
    private static short[] halves(Tile to, MemorySegment a, long offset, int length) {
        short[] halves = to.halves();
        MemorySegment.copy(a, ScalarCodec.SHORT, offset, halves, 0, length);
        return halves;
    }

    @Override
    public void add(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).add(Lanes.load(FLOATS, b, i))).intoArray(to.floats, i);
        }
    }

    @Override
    public void subtract(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).sub(Lanes.load(FLOATS, b, i))).intoArray(to.floats, i);
        }
    }

    @Override
    public void difference(Tile to, MemorySegment a, long offset, Tile b, int length) {
        short[] halves = halves(to, a, offset, length);
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(ROUNDER.bfloat16(halves, i).sub(Lanes.load(FLOATS, b, i))).intoArray(to.floats, i);
        }
    }

    @Override
    public void multiply(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).mul(Lanes.load(FLOATS, b, i))).intoArray(to.floats, i);
        }
    }

    @Override
    public void divide(Tile to, Tile a, Tile b, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).div(Lanes.load(FLOATS, b, i))).intoArray(to.floats, i);
        }
    }

    @Override
    public void scale(Tile to, Tile a, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).mul(single)).intoArray(to.floats, i);
        }
    }

    @Override
    public void divideBy(Tile to, Tile a, double divisor, int length) {
        float single = (float) divisor;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).div(single)).intoArray(to.floats, i);
        }
    }

    @Override
    public void quotient(Tile to, MemorySegment a, long offset, double divisor, int length) {
        float single = (float) divisor;
        short[] halves = halves(to, a, offset, length);
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(ROUNDER.bfloat16(halves, i).div(single)).intoArray(to.floats, i);
        }
    }

    @Override
    public void addLogarithm(Tile to, Tile direction, Tile point, double cosine, double factor, int length) {
        float first = (float) cosine;
        float second = (float) factor;
        for (int i = 0; i < length; i += LANES) {
            FloatVector away = ROUNDER.round(Lanes.load(FLOATS, direction, i).sub(ROUNDER.round(Lanes.load(FLOATS, point, i).mul(first))));
            ROUNDER.round(Lanes.load(FLOATS, to, i).add(ROUNDER.round(away.mul(second)))).intoArray(to.floats, i);
        }
    }

    @Override
    public void scaledDifference(Tile to, Tile a, Tile b, double factor, int length) {
        float single = (float) factor;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(ROUNDER.round(Lanes.load(FLOATS, a, i).sub(Lanes.load(FLOATS, b, i))).mul(single)).intoArray(to.floats, i);
        }
    }

    @Override
    public void weightedSum(Tile to, Tile a, double p, Tile b, double q, int length) {
        float first = (float) p;
        float second = (float) q;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(ROUNDER.round(Lanes.load(FLOATS, a, i).mul(first)).add(ROUNDER.round(Lanes.load(FLOATS, b, i).mul(second)))).intoArray(to.floats, i);
        }
    }

    @Override
    public void multiplyAdd(Tile to, Tile a, double factor, int length) {
        FloatVector single = FloatVector.broadcast(FLOATS, (float) factor);
        for (int i = 0; i < length; i += LANES) {
            Lanes.load(FLOATS, a, i).fma(single, Lanes.load(FLOATS, to, i)).intoArray(to.floats, i);
        }
    }

    @Override
    public void multiplyAdd(Tile to, MemorySegment a, long offset, double factor, int length) {
        FloatVector single = FloatVector.broadcast(FLOATS, (float) factor);
        short[] halves = halves(to, a, offset, length);
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.bfloat16(halves, i).fma(single, Lanes.load(FLOATS, to, i)).intoArray(to.floats, i);
        }
    }

    @Override
    public void blend(Tile to, Tile a, double p, Tile b, double q, int length) {
        float first = (float) p;
        float second = (float) q;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).mul(first).add(Lanes.load(FLOATS, b, i).mul(second))).intoArray(to.floats, i);
        }
    }

    @Override
    public void sum(Tile to, Tile[] tiles, int count, int interleavedFrom, int length) {
        if (interleavedFrom < length) {
            scalar.sum(to, tiles, count, interleavedFrom, length);
            return;
        }
        scalar.fill(to, 0, length);
        for (int tile = 0; tile < count; tile++) {
            addUnrounded(to.floats, tiles[tile].floats, length);
        }
        if (ROUNDING != Rounding.F32) {
            for (int i = 0; i < length; i += LANES) {
                ROUNDER.round(Lanes.load(FLOATS, to, i)).intoArray(to.floats, i);
            }
        }
    }

    private static void addUnrounded(float[] sum, float[] term, int length) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector.fromArray(FLOATS, sum, i).add(FloatVector.fromArray(FLOATS, term, i)).intoArray(sum, i);
        }
    }

    @Override
    public void addScalar(Tile to, Tile a, double value, int length) {
        float single = (float) value;
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, a, i).add(single)).intoArray(to.floats, i);
        }
    }

    @Override
    public void magnitude(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i += LANES) {
            Lanes.load(FLOATS, a, i).abs().intoArray(to.floats, i);
        }
    }

    @Override
    public void exponential(Tile to, Tile a, double shift, int length) {
        for (int i = 0; i < length; i += PAIRED) {
            DoubleVector x = Lanes.widen(NARROW, DOUBLES, a.floats, i).sub(shift);
            Lanes.storeNarrow(Lanes.exponential(x), NARROW, to.floats, i);
        }
        roundAll(to, length);
    }

    @Override
    public void logarithm(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i += PAIRED) {
            DoubleVector x = Lanes.widen(NARROW, DOUBLES, a.floats, i);
            Lanes.storeNarrow(Lanes.logarithm(x), NARROW, to.floats, i);
        }
        roundAll(to, length);
    }

    private static void roundAll(Tile to, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, to, i)).intoArray(to.floats, i);
        }
    }

    @Override
    public void keepAtLeast(Tile to, Tile condition, double least, int length) {
        FloatVector one = FloatVector.broadcast(FLOATS, 1);
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            FloatVector mask = zero.blend(one, Lanes.load(FLOATS, condition, i).compare(VectorOperators.GE, (float) least));
            ROUNDER.round(Lanes.load(FLOATS, to, i).mul(mask)).intoArray(to.floats, i);
        }
    }

    @Override
    public void fill(Tile to, double value, int length) {
        scalar.fill(to, value, length);
    }

    @Override
    public void round(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.cast(Lanes.load(FLOATS, a, i)).intoArray(to.floats, i);
        }
    }

    @Override
    public void nearSwap(Tile to, Tile x, Tile b, double t, double floor, int length) {
        FloatVector one = FloatVector.broadcast(FLOATS, 1);
        for (int i = 0; i < length; i += LANES) {
            FloatVector first = Lanes.load(FLOATS, x, i);
            FloatVector second = Lanes.load(FLOATS, b, i);
            FloatVector distance = ROUNDER.round(second.sub(first)).abs().max((float) floor);
            FloatVector share = ROUNDER.round(ROUNDER.round(one.div(distance)).mul((float) t)).max(0).min(1);
            FloatVector rest = ROUNDER.round(one.sub(share));
            ROUNDER.round(ROUNDER.round(share.mul(first)).add(ROUNDER.round(rest.mul(second)))).intoArray(to.floats, i);
        }
    }
}
