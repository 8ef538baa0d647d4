package io.amalgam.engine.kernel;

import java.lang.invoke.MethodHandles;
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
    private static final int LANES = FLOATS.length();
    private static final Rounding ROUNDING = CONSTANTS.rounding();

    private final ScalarVoting scalar = new ScalarVoting(ROUNDING);

    private static FloatVector load(Tile tile, int index) {
        return FloatVector.fromArray(FLOATS, tile.floats, index);
    }

    private static FloatVector round(FloatVector value) {
        return VectorRounding.round(value, ROUNDING);
    }

    @Override
    public void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length) {
        if (interleavedFrom < length) {
            scalar.elect(mixed, divisor, voters, values, weights, count, interleavedFrom, length);
            return;
        }
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector one = FloatVector.broadcast(FLOATS, 1);
        for (int i = 0; i < length; i += LANES) {
            FloatVector votes = zero;
            for (int model = 0; model < count; model++) {
                votes = votes.add(load(voters[model], i));
            }
            FloatVector majority = one.neg().blend(one, round(votes).compare(VectorOperators.GE, 0));
            FloatVector sum = zero;
            FloatVector weight = zero;
            for (int model = 0; model < count; model++) {
                // A product with ±1 is exact, so its sign tells whether the voter is of the majority.
                VectorMask<Float> counts = load(voters[model], i).mul(majority).compare(VectorOperators.GT, 0);
                sum = sum.add(load(values[model], i).mul(zero.blend(one, counts)));
                weight = weight.add(zero.blend((float) weights[model], counts));
            }
            round(sum).intoArray(mixed.floats, i);
            round(weight).intoArray(divisor.floats, i);
        }
    }

    @Override
    public void oneForZero(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector value = load(a, i);
            value.blend(1, value.compare(VectorOperators.EQ, 0)).intoArray(to.floats, i);
        }
    }

    @Override
    public void atLeast(Tile to, Tile a, double minimum, int length) {
        for (int i = 0; i < length; i += LANES) {
            load(a, i).max((float) minimum).intoArray(to.floats, i);
        }
    }

    @Override
    public void keepWhere(Tile[] tiles, int count, Tile condition, int length) {
        for (int i = 0; i < length; i += LANES) {
            VectorMask<Float> dropped = load(condition, i).compare(VectorOperators.EQ, 0);
            for (int tile = 0; tile < count; tile++) {
                load(tiles[tile], i).blend(0, dropped).intoArray(tiles[tile].floats, i);
            }
        }
    }

    @Override
    public void variance(Tile to, Tile[] tiles, int count, int length) {
        for (int i = 0; i < length; i += LANES) {
            FloatVector lower = (FloatVector) variance(tiles, count, i, 0).convertShape(VectorOperators.D2F, FLOATS, 0);
            FloatVector upper = (FloatVector) variance(tiles, count, i, 1).convertShape(VectorOperators.D2F, FLOATS, -1);
            round(lower.add(upper)).intoArray(to.floats, i);
        }
    }

    private static DoubleVector variance(Tile[] tiles, int count, int index, int part) {
        DoubleVector sum = DoubleVector.zero(DOUBLES);
        for (int tile = 0; tile < count; tile++) {
            sum = sum.add(load(tiles[tile], index).convertShape(VectorOperators.F2D, DOUBLES, part));
        }
        DoubleVector mean = sum.div(count);
        DoubleVector squares = DoubleVector.zero(DOUBLES);
        for (int tile = 0; tile < count; tile++) {
            DoubleVector distance =
                    ((DoubleVector) load(tiles[tile], index).convertShape(VectorOperators.F2D, DOUBLES, part)).sub(mean);
            squares = squares.add(distance.mul(distance));
        }
        return squares.div(count);
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
                VectorMask<Float> moves = load(changes[model], i).abs().compare(VectorOperators.GT, least);
                active = active.add(zero.blend(1, moves));
            }
            VectorMask<Float> several = active.compare(VectorOperators.GT, 1);
            FloatVector sum = zero;
            for (int model = 0; model < count; model++) {
                FloatVector change = load(changes[model], i);
                FloatVector unique = change;
                if (factors != null) {
                    unique = change.mul((float) factors[model]);
                    unique = single ? unique : round(unique);
                }
                FloatVector term = unique.blend(round(change.div(active)), several);
                sum = sum.add(zero.blend(term, change.abs().compare(VectorOperators.GT, least)));
            }
            (single ? sum : round(sum)).intoArray(to.floats, i);
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
                        zero.blend(1, load(changes[model], i).abs().compare(VectorOperators.GT, least)));
            }
            VectorMask<Float> one = active.compare(VectorOperators.EQ, 1);
            VectorMask<Float> several = active.compare(VectorOperators.GT, 1);
            for (int model = 0; model < count; model++) {
                VectorMask<Float> moves = load(changes[model], i).abs().compare(VectorOperators.GT, least);
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
