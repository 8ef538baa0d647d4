package io.amalgam.engine.kernel;

/** The specification of {@link VotingKernels} for doubles. */
final class DoubleVoting implements VotingKernels {

    @Override
    public void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length) {
        for (int i = 0; i < length; i++) {
            boolean interleaved = i >= interleavedFrom;
            PartialSums votes = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                votes.add(voters[model].doubles[i]);
            }
            boolean positive = votes.total() >= 0;
            PartialSums sum = new PartialSums(interleaved, count);
            PartialSums weight = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                double voter = voters[model].doubles[i];
                boolean counts = positive ? voter > 0 : voter < 0;
                // A product with the mask, as torch has it, and not a choice: infinity × 0 is NaN.
                sum.add(values[model].doubles[i] * (counts ? 1.0 : 0.0));
                weight.add(counts ? weights[model] : 0.0);
            }
            mixed.doubles[i] = sum.total();
            divisor.doubles[i] = weight.total();
        }
    }

    @Override
    public void oneForZero(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.doubles[i] = a.doubles[i] == 0 ? 1 : a.doubles[i];
        }
    }

    @Override
    public void atLeast(Tile to, Tile a, double minimum, int length) {
        double least = minimum;
        for (int i = 0; i < length; i++) {
            to.doubles[i] = Math.max(a.doubles[i], least);
        }
    }

    @Override
    public void keepWhere(Tile[] tiles, int count, Tile condition, int length) {
        for (int tile = 0; tile < count; tile++) {
            for (int i = 0; i < length; i++) {
                if (condition.doubles[i] == 0) {
                    tiles[tile].doubles[i] = 0;
                }
            }
        }
    }

    @Override
    public void variance(Tile to, Tile[] tiles, int count, int length) {
        for (int i = 0; i < length; i++) {
            double sum = 0;
            for (int tile = 0; tile < count; tile++) {
                sum += tiles[tile].doubles[i];
            }
            double mean = sum / count;
            double squares = 0;
            for (int tile = 0; tile < count; tile++) {
                double distance = tiles[tile].doubles[i] - mean;
                squares += distance * distance;
            }
            to.doubles[i] = squares / count;
        }
    }

    @Override
    public void overlap(
            Tile to, Tile[] changes, int count, double epsilon, double[] factors, boolean single, int interleavedFrom, int length) {
        double least = epsilon;
        for (int i = 0; i < length; i++) {
            int active = 0;
            for (int model = 0; model < count; model++) {
                active += Math.abs(changes[model].doubles[i]) > least ? 1 : 0;
            }
            PartialSums sum = new PartialSums(i >= interleavedFrom, count);
            for (int model = 0; model < count; model++) {
                double change = changes[model].doubles[i];
                double term;
                if (!(Math.abs(change) > least)) {
                    term = 0;
                } else if (active > 1) {
                    term = change / active;
                } else if (factors == null) {
                    term = change;
                } else {
                    term = change * factors[model];
                    term = single ? term : term;
                }
                sum.add(term);
            }
            to.doubles[i] = single ? sum.total() : sum.total();
        }
    }

    @Override
    public void countOverlap(Tile[] changes, int count, double epsilon, long[] unique, long[] shared, int length) {
        double least = epsilon;
        for (int i = 0; i < length; i++) {
            int active = 0;
            int last = -1;
            for (int model = 0; model < count; model++) {
                if (Math.abs(changes[model].doubles[i]) > least) {
                    active++;
                    last = model;
                }
            }
            if (active == 1) {
                unique[last]++;
            } else if (active > 1) {
                for (int model = 0; model < count; model++) {
                    shared[model] += Math.abs(changes[model].doubles[i]) > least ? 1 : 0;
                }
            }
        }
    }

    /** A sum over models: in order, or in four interleaved partial sums as {@link ArithmeticKernels#sum} has them. */
    private static final class PartialSums {
        private final int interleaved;
        private final double[] partial = new double[4];
        private int next;

        PartialSums(boolean interleaved, int count) {
            this.interleaved = interleaved ? count & ~3 : 0;
        }

        void add(double value) {
            partial[next < interleaved ? next & 3 : 0] += value;
            next++;
        }

        double total() {
            return interleaved > 0 ? partial[0] + partial[1] + partial[2] + partial[3] : partial[0];
        }
    }
}
