package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** {@link VotingKernels} on vectors; a template of {@link VectorTemplates}. */
final class VectorVoting implements VotingKernels {
    private static final VectorTemplates.Constants CONSTANTS = VectorTemplates.Constants.of(MethodHandles.lookup());
    private static final VectorSpecies<Float> FLOATS = CONSTANTS.floats();
    private static final VectorSpecies<Double> DOUBLES = CONSTANTS.doubles();
    /** As many floats as there are doubles in a vector: halves of wider vectors are dear to take apart. */
    private static final VectorSpecies<Float> NARROW = CONSTANTS.halfFloats();

    private static final int LANES = FLOATS.length();
    private static final int PAIRED = DOUBLES.length();
    /** Positions that are handled at a time: their partial results stay in the first-level cache. */
    private static final int RUN = 512;
    private static final LaneRounder ROUNDER = CONSTANTS.rounder();

    private final ScalarVoting scalar = new ScalarVoting(CONSTANTS.type());

    @Override
    public void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length) {
        if (interleavedFrom < length) {
            scalar.elect(mixed, divisor, voters, values, weights, count, interleavedFrom, length);
            return;
        }
        // Model by model over a run of positions: loops over a few arrays each, whose bounds are checked once.
        float[] majority = new float[RUN];
        for (int start = 0; start < length; start += RUN) {
            int end = Math.min(length, start + RUN);
            sumVotes(majority, voters, count, start, end);
            for (int i = start; i < end; i += LANES) {
                FloatVector votes = FloatVector.fromArray(FLOATS, majority, i - start);
                FloatVector.broadcast(FLOATS, -1)
                        .blend(1, ROUNDER.round(votes).compare(VectorOperators.GE, 0))
                        .intoArray(majority, i - start);
                FloatVector.zero(FLOATS).intoArray(mixed.floats, i);
                FloatVector.zero(FLOATS).intoArray(divisor.floats, i);
            }
            for (int model = 0; model < count; model++) {
                addAgreeing(
                        mixed.floats,
                        divisor.floats,
                        voters[model].floats,
                        values[model].floats,
                        (float) weights[model],
                        majority,
                        start,
                        end);
            }
            for (int i = start; i < end; i += LANES) {
                ROUNDER.round(Lanes.load(FLOATS, mixed, i)).intoArray(mixed.floats, i);
                ROUNDER.round(Lanes.load(FLOATS, divisor, i)).intoArray(divisor.floats, i);
            }
        }
    }

    private static void sumVotes(float[] votes, Tile[] voters, int count, int start, int end) {
        Arrays.fill(votes, 0);
        for (int model = 0; model < count; model++) {
            float[] voter = voters[model].floats;
            for (int i = start; i < end; i += LANES) {
                FloatVector.fromArray(FLOATS, votes, i - start)
                        .add(FloatVector.fromArray(FLOATS, voter, i))
                        .intoArray(votes, i - start);
            }
        }
    }

    private static void addAgreeing(
            float[] mixed,
            float[] divisor,
            float[] voter,
            float[] value,
            float weight,
            float[] majority,
            int start,
            int end) {
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector one = FloatVector.broadcast(FLOATS, 1);
        FloatVector weights = FloatVector.broadcast(FLOATS, weight);
        for (int i = start; i < end; i += LANES) {
            // A product with ±1 is exact, so its sign tells whether the voter is of the majority.
            VectorMask<Float> counts = FloatVector.fromArray(FLOATS, voter, i)
                    .mul(FloatVector.fromArray(FLOATS, majority, i - start))
                    .compare(VectorOperators.GT, zero);
            FloatVector.fromArray(FLOATS, mixed, i)
                    .add(FloatVector.fromArray(FLOATS, value, i).mul(zero.blend(one, counts)))
                    .intoArray(mixed, i);
            FloatVector.fromArray(FLOATS, divisor, i).add(zero.blend(weights, counts)).intoArray(divisor, i);
        }
    }

    @Override
    public void oneForZero(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = Lanes.load(FLOATS, a, i);
            value.blend(1, value.compare(VectorOperators.EQ, 0)).intoArray(to.floats, i);
        }
    }

    @Override
    public void atLeast(Tile to, Tile a, double minimum, int length) {
        for (int i = 0; i < length; i += LANES) {
            Lanes.load(FLOATS, a, i).max((float) minimum).intoArray(to.floats, i);
        }
    }

    @Override
    public void keepWhere(Tile[] tiles, int count, Tile condition, int length) {
        for (int i = 0; i < length; i += LANES) {
            VectorMask<Float> dropped = Lanes.load(FLOATS, condition, i).compare(VectorOperators.EQ, 0);
            for (int tile = 0; tile < count; tile++) {
                Lanes.load(FLOATS, tiles[tile], i).blend(0, dropped).intoArray(tiles[tile].floats, i);
            }
        }
    }

    @Override
    public void variance(Tile to, Tile[] tiles, int count, int length) {
        // Two vectors at a time: one would wait for its own sums and quotients.
        for (int i = 0; i < length; i += 2 * PAIRED) {
            int next = i + PAIRED;
            DoubleVector sum = DoubleVector.zero(DOUBLES);
            DoubleVector nextSum = sum;
            for (int tile = 0; tile < count; tile++) {
                float[] values = tiles[tile].floats;
                sum = sum.add(Lanes.widen(NARROW, DOUBLES, values, i));
                nextSum = nextSum.add(Lanes.widen(NARROW, DOUBLES, values, next));
            }
            DoubleVector mean = sum.div(count);
            DoubleVector nextMean = nextSum.div(count);
            DoubleVector squares = DoubleVector.zero(DOUBLES);
            DoubleVector nextSquares = squares;
            for (int tile = 0; tile < count; tile++) {
                float[] values = tiles[tile].floats;
                DoubleVector distance = Lanes.widen(NARROW, DOUBLES, values, i).sub(mean);
                squares = squares.add(distance.mul(distance));
                DoubleVector nextDistance = Lanes.widen(NARROW, DOUBLES, values, next).sub(nextMean);
                nextSquares = nextSquares.add(nextDistance.mul(nextDistance));
            }
            Lanes.storeNarrow(squares.div(count), NARROW, to.floats, i);
            Lanes.storeNarrow(nextSquares.div(count), NARROW, to.floats, next);
        }
        for (int i = 0; i < length; i += LANES) {
            ROUNDER.round(Lanes.load(FLOATS, to, i)).intoArray(to.floats, i);
        }
    }

    @Override
    public void overlap(
            Tile to, Tile[] changes, int count, double epsilon, double[] factors, boolean single, int interleavedFrom, int length) {
        if (interleavedFrom < length) {
            scalar.overlap(to, changes, count, epsilon, factors, single, interleavedFrom, length);
            return;
        }
        float least = (float) epsilon;
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < length; i += LANES) {
            FloatVector active = zero;
            for (int model = 0; model < count; model++) {
                VectorMask<Float> moves = Lanes.load(FLOATS, changes[model], i).abs().compare(VectorOperators.GT, least);
                active = active.add(zero.blend(1, moves));
            }
            VectorMask<Float> several = active.compare(VectorOperators.GT, 1);
            FloatVector sum = zero;
            for (int model = 0; model < count; model++) {
                FloatVector change = Lanes.load(FLOATS, changes[model], i);
                FloatVector unique = change;
                if (factors != null) {
                    unique = change.mul((float) factors[model]);
                    unique = single ? unique : ROUNDER.round(unique);
                }
                FloatVector term = unique.blend(ROUNDER.round(change.div(active)), several);
                sum = sum.add(zero.blend(term, change.abs().compare(VectorOperators.GT, least)));
            }
            (single ? sum : ROUNDER.round(sum)).intoArray(to.floats, i);
        }
    }

    @Override
    public void countOverlap(Tile[] changes, int count, double epsilon, long[] unique, long[] shared, int length) {
        float least = (float) epsilon;
        int whole = length & -LANES;
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < whole; i += LANES) {
            FloatVector active = zero;
            for (int model = 0; model < count; model++) {
                active = active.add(
                        zero.blend(1, Lanes.load(FLOATS, changes[model], i).abs().compare(VectorOperators.GT, least)));
            }
            VectorMask<Float> one = active.compare(VectorOperators.EQ, 1);
            VectorMask<Float> several = active.compare(VectorOperators.GT, 1);
            for (int model = 0; model < count; model++) {
                VectorMask<Float> moves = Lanes.load(FLOATS, changes[model], i).abs().compare(VectorOperators.GT, least);
                unique[model] += moves.and(one).trueCount();
                shared[model] += moves.and(several).trueCount();
            }
        }
        if (whole < length) {
            Tile[] rest = new Tile[count];
            for (int model = 0; model < count; model++) {
                rest[model] = Tile.of(CONSTANTS.type(), length - whole);
                System.arraycopy(changes[model].floats, whole, rest[model].floats, 0, length - whole);
            }
            scalar.countOverlap(rest, count, epsilon, unique, shared, length - whole);
        }
    }
}
