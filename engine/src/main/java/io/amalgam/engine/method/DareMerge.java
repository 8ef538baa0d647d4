package io.amalgam.engine.method;

import io.amalgam.engine.kernel.RandomKernels;

/** DARE: every element is kept with the same probability. */
final class DareMerge extends RandomMerge {

    DareMerge(TensorTask task, boolean election) {
        super(task, election, STRIP);
    }

    private double density(int model) {
        return task.number(models[model], "density");
    }

    @Override
    protected boolean draws(int model) {
        return density(model) < 1;
    }

    @Override
    protected boolean dropsAll(int model) {
        return false;
    }

    @Override
    protected void mark(
            RandomKernels random, Strip strip, int model, Buffers buffers, int from, long[] bits, int firstWord) {
        int threshold = threshold(workKernels().round(density(model)));
        random.mark(buffers.raw, from, strip.length(), threshold, bits, firstWord);
    }
}
