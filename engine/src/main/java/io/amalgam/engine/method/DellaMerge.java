package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.RandomKernels;
import io.amalgam.engine.kernel.Tile;

/**
 * DELLA's MAGPRUNE: an element is kept with a probability that rises with the rank of its magnitude among the elements
 * along the second dimension (the only one of a vector), from density - epsilon to density + epsilon. Ranks and
 * probabilities are values of the working type, so ranks above 256 are rounded in bfloat16.
 */
final class DellaMerge extends RandomMerge {
    private final int vectorLength;
    /** Distance of neighbours along the ranked dimension. */
    private final int stride;
    /** By model and rank from 0: the draw below which an element is kept. */
    private final int[][] thresholdsOfRank;

    DellaMerge(TensorTask task, boolean election) {
        super(task, election, stripLength(task));
        long[] shape = task.plan().shape();
        vectorLength = vectorLength(task);
        int inner = 1;
        for (int dimension = 2; dimension < shape.length; dimension++) {
            inner = Math.multiplyExact(inner, Math.toIntExact(shape[dimension]));
        }
        stride = inner;
        thresholdsOfRank = new int[models.length][];
        for (int model = 0; model < models.length; model++) {
            if (draws(model)) {
                thresholdsOfRank[model] =
                        thresholds(task.number(models[model], "density"), task.number(models[model], "epsilon"));
            }
        }
    }

    private static int vectorLength(TensorTask task) {
        long[] shape = task.plan().shape();
        return Math.toIntExact(shape.length == 0 ? 1 : shape.length == 1 ? shape[0] : shape[1]);
    }

    /** Strips hold whole slices along the first dimension. */
    private static int stripLength(TensorTask task) {
        long[] shape = task.plan().shape();
        long slice = shape.length < 2 ? task.elements() : task.elements() / Math.max(1, shape[0]);
        return TensorTask.stripOfRows(Math.toIntExact(slice));
    }

    private int[] thresholds(double density, double epsilon) {
        Kernels work = workKernels();
        double least = rank(work, 0);
        double range = work.round(rank(work, vectorLength - 1) - least);
        double lowest = work.round(density - epsilon);
        int[] thresholds = new int[vectorLength];
        for (int rank = 0; rank < vectorLength; rank++) {
            double share = work.round(work.round(rank(work, rank) - least) / range);
            share = Math.clamp(share, 0, 1);
            double rise = work.round(work.round(share * 2) * work.factor(epsilon));
            thresholds[rank] = threshold(work.round(lowest + rise));
        }
        return thresholds;
    }

    /** A rank from 1, as MergeKit has it: it adds 1 to the rank from 0 that has been rounded before. */
    static double rank(Kernels work, int fromZero) {
        return work.round(work.round(fromZero) + 1);
    }

    @Override
    protected boolean draws(int model) {
        double density = task.number(models[model], "density");
        return density > 0 && density < 1;
    }

    @Override
    protected boolean dropsAll(int model) {
        return task.number(models[model], "density") <= 0;
    }

    @Override
    protected int ranked() {
        return stripLength();
    }

    @Override
    protected void mark(
            RandomKernels random, Strip strip, int model, Buffers buffers, int from, long[] bits, int firstWord) {
        int[] keys = buffers.keys;
        for (int start = 0; start < strip.length(); start += Tile.LENGTH) {
            int length = Math.min(Tile.LENGTH, strip.length() - start);
            Tile delta = strip.scratch(0, length);
            strip.difference(models[model], start, strip.input(task.base(), start, length), delta, length);
            kernels.selection().keys(delta, length, keys, start);
        }
        int slice = vectorLength * stride;
        for (int first = 0; first < strip.length(); first += slice) {
            for (int inner = 0; inner < stride; inner++) {
                buffers.ranks.thresholds(
                        keys, first + inner, stride, vectorLength, thresholdsOfRank[model], buffers.thresholds);
            }
        }
        random.mark(buffers.raw, from, strip.length(), buffers.thresholds, bits, firstWord);
    }
}
