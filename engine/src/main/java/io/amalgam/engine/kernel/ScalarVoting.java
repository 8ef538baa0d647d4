package io.amalgam.engine.kernel;

import io.amalgam.engine.checkpoint.DType;

/**
 * The specification of {@link VotingKernels}, for all types and both kinds of tiles. It computes in binary64 and rounds every
 * operation to binary32 unless the type is F64, which gives what binary32 arithmetic gives.
 */
final class ScalarVoting implements VotingKernels {
    private final DType type;

    ScalarVoting(DType type) {
        this.type = type;
    }

    private double single(double value) {
        return type == DType.F64 ? value : (float) value;
    }

    private double round(double value) {
        return type == DType.F64 ? value : Rounding.of(type).round((float) value);
    }

    @Override
    public void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length) {
        for (int i = 0; i < length; i++) {
            boolean interleaved = i >= interleavedFrom;
            PartialSums votes = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                votes.add(voters[model].get(i));
            }
            boolean positive = round(votes.total()) >= 0;
            PartialSums sum = new PartialSums(interleaved, count);
            PartialSums weight = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                double voter = voters[model].get(i);
                boolean counts = positive ? voter > 0 : voter < 0;
                // A product with the mask, as torch has it, and not a choice: infinity × 0 is NaN.
                sum.add(values[model].get(i) * (counts ? 1 : 0));
                weight.add(counts ? single(weights[model]) : 0);
            }
            mixed.set(i, round(sum.total()));
            divisor.set(i, round(weight.total()));
        }
    }

    @Override
    public void oneForZero(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.set(i, a.get(i) == 0 ? 1 : a.get(i));
        }
    }

    @Override
    public void atLeast(Tile to, Tile a, double minimum, int length) {
        double least = single(minimum);
        for (int i = 0; i < length; i++) {
            to.set(i, Math.max(a.get(i), least));
        }
    }

    @Override
    public void keepWhere(Tile[] tiles, int count, Tile condition, int length) {
        for (int tile = 0; tile < count; tile++) {
            for (int i = 0; i < length; i++) {
                if (condition.get(i) == 0) {
                    tiles[tile].set(i, 0);
                }
            }
        }
    }

    @Override
    public void variance(Tile to, Tile[] tiles, int count, int length) {
        for (int i = 0; i < length; i++) {
            double sum = 0;
            for (int tile = 0; tile < count; tile++) {
                sum += tiles[tile].get(i);
            }
            double mean = sum / count;
            double squares = 0;
            for (int tile = 0; tile < count; tile++) {
                double distance = tiles[tile].get(i) - mean;
                squares += distance * distance;
            }
            to.set(i, round(squares / count));
        }
    }

    @Override
    public void overlap(
            Tile to, Tile[] changes, int count, double epsilon, double[] factors, boolean single, int interleavedFrom, int length) {
        double least = single(epsilon);
        for (int i = 0; i < length; i++) {
            int active = 0;
            for (int model = 0; model < count; model++) {
                active += Math.abs(changes[model].get(i)) > least ? 1 : 0;
            }
            PartialSums sum = new PartialSums(i >= interleavedFrom, count);
            for (int model = 0; model < count; model++) {
                double change = changes[model].get(i);
                double term;
                if (!(Math.abs(change) > least)) {
                    term = 0;
                } else if (active > 1) {
                    term = round(change / active);
                } else if (factors == null) {
                    term = change;
                } else {
                    term = single(change * single(factors[model]));
                    term = single ? term : round(term);
                }
                sum.add(term);
            }
            to.set(i, single ? sum.total() : round(sum.total()));
        }
    }

    @Override
    public void countOverlap(Tile[] changes, int count, double epsilon, long[] unique, long[] shared, int length) {
        double least = single(epsilon);
        for (int i = 0; i < length; i++) {
            int active = 0;
            int last = -1;
            for (int model = 0; model < count; model++) {
                if (Math.abs(changes[model].get(i)) > least) {
                    active++;
                    last = model;
                }
            }
            if (active == 1) {
                unique[last]++;
            } else if (active > 1) {
                for (int model = 0; model < count; model++) {
                    shared[model] += Math.abs(changes[model].get(i)) > least ? 1 : 0;
                }
            }
        }
    }

    /** A sum over models: in order, or in four interleaved partial sums as {@link ArithmeticKernels#sum} has them. */
    private final class PartialSums {
        private final int interleaved;
        private final double[] partial = new double[4];
        private int next;

        PartialSums(boolean interleaved, int count) {
            this.interleaved = interleaved ? count & ~3 : 0;
        }

        void add(double value) {
            int place = next < interleaved ? next & 3 : 0;
            partial[place] = single(partial[place] + value);
            next++;
        }

        double total() {
            if (interleaved == 0) {
                return partial[0];
            }
            return single(single(single(partial[0] + partial[1]) + partial[2]) + partial[3]);
        }
    }
}
