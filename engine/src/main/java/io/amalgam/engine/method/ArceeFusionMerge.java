package io.amalgam.engine.method;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.MersenneTwister;
import io.amalgam.engine.kernel.SelectionKernels;
import io.amalgam.engine.kernel.Tile;
import java.util.Arrays;

/**
 * The arithmetic of arcee_fusion (mergekit.md §2.3): a change's importance is its magnitude times the divergence between
 * the softmax of its row in the two models; changes of an importance far above the median are taken. The quartiles of a
 * large tensor are those of a million elements drawn with replacement.
 */
final class ArceeFusionMerge implements TensorMerge {
    private static final double SOFTENING = 1e-8;
    private static final double[] QUARTILES = {0.25, 0.5, 0.75};
    private static final double RANGES_ABOVE_MEDIAN = 1.5;
    /** Elements from which on a draw takes two numbers of the stream. */
    static final long WIDE = 1L << 28;
    /** Divergences of more rows are computed again. */
    private static final int MOST_ROWS = 1 << 21;
    private static final int CHANGE = 0;
    private static final int NEW_SHARES = 1;
    private static final int BASE_SHARES = 2;
    private static final int TERM = 3;

    private final TensorTask task;
    private final Kernels kernels;
    private final SelectionKernels selection;
    private final int other;
    private final int row;
    /** Indices of the sampled elements in ascending order, or null if all count. */
    private final long[] sample;
    private final Tile sampled;
    private final SignedQuantiles quantiles;
    /** By worker: the divergence of the row at hand. */
    private final double[] divergences;
    /** The divergence of each row, kept from the first pass on; null where there are too many rows for that. */
    private final double[] kept;
    /** Whether all of {@link #kept} is there. */
    private boolean known;

    private boolean sampling;
    private boolean measured;
    private double threshold;

    ArceeFusionMerge(TensorTask task) {
        this.task = task;
        kernels = task.kernels();
        selection = kernels.selection();
        other = 1 - task.base();
        row = task.rowLength();
        long elements = task.elements();
        sample = elements > ArceeFusion.SAMPLED_ABOVE ? drawSample() : null;
        sampled = sample == null ? null : kernels.tile(sample.length);
        sampling = sample != null;
        long count = sample == null ? elements : sample.length;
        long[] ranks = new long[QUARTILES.length];
        for (int quartile = 0; quartile < ranks.length; quartile++) {
            ranks[quartile] = (long) ((float) QUARTILES[quartile] * (count - 1));
        }
        quantiles = new SignedQuantiles(selection, task.workers(), ranks);
        divergences = new double[task.workers()];
        kept = row > 0 && elements / row <= MOST_ROWS ? new double[(int) (elements / row)] : null;
        measured = elements == 0;
    }

    private long[] drawSample() {
        int perIndex = task.elements() < WIDE ? 1 : 2;
        long[] indices = new long[ArceeFusion.SAMPLES];
        int[] raw = new int[MersenneTwister.STATE + perIndex * indices.length];
        task.random()
                .at(task.input(other).randomOffset())
                .generate(Kernels.random(), raw, perIndex * indices.length);
        for (int i = 0; i < indices.length; i++) {
            int place = MersenneTwister.STATE + perIndex * i;
            long drawn = Integer.toUnsignedLong(MersenneTwister.temper(raw[place]));
            if (perIndex == 2) {
                drawn = drawn << 32 | Integer.toUnsignedLong(MersenneTwister.temper(raw[place + 1]));
            }
            indices[i] = Long.remainderUnsigned(drawn, task.elements());
        }
        Arrays.sort(indices);
        return indices;
    }

    @Override
    public int stripLength() {
        return TensorTask.stripOfRows(row);
    }

    @Override
    public Pass nextPass() {
        if (measured) {
            return null;
        }
        return sampling ? new SamplePass() : new CountPass();
    }

    /** Counts the importance of all elements. */
    private final class CountPass implements Pass {

        @Override
        public void strip(Strip strip) {
            for (int from = 0; from < strip.length(); from += row) {
                Tile importance = importance(strip, from);
                quantiles.count(strip.worker(), importance, divergences[strip.worker()] < 0, row);
            }
        }

        @Override
        public void complete() {
            quantiles.complete();
            settle();
        }
    }

    /** Collects the importance of the sampled elements. */
    private final class SamplePass implements Pass {

        @Override
        public void strip(Strip strip) {
            for (int from = 0; from < strip.length(); from += row) {
                Tile importance = importance(strip, from);
                long first = strip.first() + from;
                int place = Arrays.binarySearch(sample, first);
                place = place < 0 ? -place - 1 : place;
                while (place > 0 && sample[place - 1] == first) {
                    place--;
                }
                for (; place < sample.length && sample[place] < first + row; place++) {
                    sampled.set(place, importance.get((int) (sample[place] - first)));
                }
            }
        }

        @Override
        public void complete() {
            Tile negative = kernels.tile(sample.length);
            Tile positive = kernels.tile(sample.length);
            int negatives = 0;
            int positives = 0;
            for (int i = 0; i < sample.length; i++) {
                double value = sampled.get(i);
                if (value < 0) {
                    negative.set(negatives++, value);
                } else {
                    positive.set(positives++, value);
                }
            }
            while (!quantiles.found()) {
                quantiles.count(0, positive, false, positives);
                quantiles.count(0, negative, true, negatives);
                quantiles.complete();
            }
            sampling = false;
            settle();
        }
    }

    private void settle() {
        known = kept != null;
        if (quantiles.found()) {
            double low = quantiles.value(0);
            double median = quantiles.value(1);
            double high = quantiles.value(2);
            double range = kernels.round(high - low);
            threshold = kernels.round(median + kernels.round(kernels.factor(RANGES_ABOVE_MEDIAN) * range));
            measured = true;
        }
    }

    /** Importance of one row's changes; the changes themselves are left in slot {@link #CHANGE}. */
    private Tile importance(Strip strip, int from) {
        Tile x = strip.input(other, from, row);
        Tile base = strip.input(task.base(), from, row);
        Tile change = strip.scratch(CHANGE, row);
        kernels.arithmetic().subtract(change, x, base, row);
        int index = (int) ((strip.first() + from) / row);
        double divergence = known ? kept[index] : divergence(strip, x, base);
        if (kept != null && !known) {
            kept[index] = divergence;
        }
        divergences[strip.worker()] = divergence;
        Tile importance = strip.scratch(TERM, row);
        kernels.arithmetic().magnitude(importance, change, row);
        kernels.arithmetic().scale(importance, importance, divergence, row);
        return importance;
    }

    /** The divergence of a row's shares from the base model's. */
    private double divergence(Strip strip, Tile x, Tile base) {
        Tile newShares = strip.scratch(NEW_SHARES, row);
        Tile baseShares = strip.scratch(BASE_SHARES, row);
        softmax(newShares, x);
        softmax(baseShares, base);
        Tile term = strip.scratch(TERM, row);
        kernels.arithmetic().divide(term, newShares, baseShares, row);
        kernels.arithmetic().logarithm(term, term, row);
        return kernels.round(kernels.reductions().dotRounded(newShares, term, row));
    }

    private void softmax(Tile to, Tile a) {
        Kernels wide = kernels.type() == DType.F64 ? kernels : Kernels.of(DType.F32);
        wide.arithmetic().exponential(to, a, wide.reductions().maximum(a, row), row);
        kernels.arithmetic().divideBy(to, to, wide.round(wide.reductions().sum(to, row)), row);
        kernels.arithmetic().addScalar(to, to, kernels.round(SOFTENING), row);
    }

    @Override
    public void output(Strip strip) {
        DType result = kernels.type() == DType.F64 ? DType.F64 : DType.F32;
        Kernels wide = Kernels.of(result);
        for (int from = 0; from < strip.length(); from += row) {
            Tile importance = importance(strip, from);
            Tile change = strip.scratch(CHANGE, row);
            wide.arithmetic().keepAtLeast(change, importance, threshold, row);
            wide.arithmetic().add(change, strip.input(task.base(), from, row), change, row);
            strip.emit(change, result, row);
        }
    }
}
