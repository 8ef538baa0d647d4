package io.amalgam.engine.kernel;

/** The specification of {@link VotingKernels} for floats. */
final class ScalarVoting implements VotingKernels {
    private final Rounding rounding;

    ScalarVoting(Rounding rounding) {
        this.rounding = rounding;
    }

    @Override
    public void elect(
            Tile mixed, Tile divisor, Tile[] voters, Tile[] values, double[] weights, int count, int interleavedFrom, int length) {
        for (int i = 0; i < length; i++) {
            boolean interleaved = i >= interleavedFrom;
            PartialSums votes = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                votes.add(voters[model].floats[i]);
            }
            boolean positive = rounding.round(votes.total()) >= 0;
            PartialSums sum = new PartialSums(interleaved, count);
            PartialSums weight = new PartialSums(interleaved, count);
            for (int model = 0; model < count; model++) {
                float voter = voters[model].floats[i];
                boolean counts = positive ? voter > 0 : voter < 0;
                // A product with the mask, as torch has it, and not a choice: infinity × 0 is NaN.
                sum.add(values[model].floats[i] * (counts ? 1f : 0f));
                weight.add(counts ? (float) weights[model] : 0f);
            }
            mixed.floats[i] = rounding.round(sum.total());
            divisor.floats[i] = rounding.round(weight.total());
        }
    }

    @Override
    public void oneForZero(Tile to, Tile a, int length) {
        for (int i = 0; i < length; i++) {
            to.floats[i] = a.floats[i] == 0 ? 1 : a.floats[i];
        }
    }

    @Override
    public void atLeast(Tile to, Tile a, double minimum, int length) {
        float least = (float) minimum;
        for (int i = 0; i < length; i++) {
            to.floats[i] = Math.max(a.floats[i], least);
        }
    }

    @Override
    public void keepWhere(Tile[] tiles, int count, Tile condition, int length) {
        for (int tile = 0; tile < count; tile++) {
            for (int i = 0; i < length; i++) {
                if (condition.floats[i] == 0) {
                    tiles[tile].floats[i] = 0;
                }
            }
        }
    }

    @Override
    public void variance(Tile to, Tile[] tiles, int count, int length) {
        for (int i = 0; i < length; i++) {
            double sum = 0;
            for (int tile = 0; tile < count; tile++) {
                sum += tiles[tile].floats[i];
            }
            double mean = sum / count;
            double squares = 0;
            for (int tile = 0; tile < count; tile++) {
                double distance = tiles[tile].floats[i] - mean;
                squares += distance * distance;
            }
            to.floats[i] = rounding.round((float) (squares / count));
        }
    }

    @Override
    public void overlap(
            Tile to, Tile[] changes, int count, double epsilon, double[] factors, boolean single, int interleavedFrom, int length) {
        float least = (float) epsilon;
        for (int i = 0; i < length; i++) {
            int active = 0;
            for (int model = 0; model < count; model++) {
                active += Math.abs(changes[model].floats[i]) > least ? 1 : 0;
            }
            PartialSums sum = new PartialSums(i >= interleavedFrom, count);
            for (int model = 0; model < count; model++) {
                float change = changes[model].floats[i];
                float term;
                if (!(Math.abs(change) > least)) {
                    term = 0;
                } else if (active > 1) {
                    term = rounding.round(change / active);
                } else if (factors == null) {
                    term = change;
                } else {
                    term = change * (float) factors[model];
                    term = single ? term : rounding.round(term);
                }
                sum.add(term);
            }
            to.floats[i] = single ? sum.total() : rounding.round(sum.total());
        }
    }

    @Override
    public void countOverlap(Tile[] changes, int count, double epsilon, long[] unique, long[] shared, int length) {
        float least = (float) epsilon;
        for (int i = 0; i < length; i++) {
            int active = 0;
            int last = -1;
            for (int model = 0; model < count; model++) {
                if (Math.abs(changes[model].floats[i]) > least) {
                    active++;
                    last = model;
                }
            }
            if (active == 1) {
                unique[last]++;
            } else if (active > 1) {
                for (int model = 0; model < count; model++) {
                    shared[model] += Math.abs(changes[model].floats[i]) > least ? 1 : 0;
                }
            }
        }
    }

    /** A sum over models: in order, or in four interleaved partial sums as {@link ArithmeticKernels#sum} has them. */
    private static final class PartialSums {
        private final int interleaved;
        private final float[] partial = new float[4];
        private int next;

        PartialSums(boolean interleaved, int count) {
            this.interleaved = interleaved ? count & ~3 : 0;
        }

        void add(float value) {
            partial[next < interleaved ? next & 3 : 0] += value;
            next++;
        }

        float total() {
            return interleaved > 0 ? partial[0] + partial[1] + partial[2] + partial[3] : partial[0];
        }
    }
}
