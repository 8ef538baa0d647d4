package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;

/**
 * The arithmetic of model_stock: cosines between task vectors, the share t that they give, and the mean of the models
 * moved by it towards the base model.
 */
abstract class ModelStockMerge extends PointwiseMerge {
    private static final double LEAST_PRODUCT = 1e-6;
    private static final double LEAST_DENOMINATOR = 1e-6;
    private static final int SUM = 0;
    /** The first of the slots of task vectors. */
    private static final int VECTORS = 1;

    private final int[] models;

    ModelStockMerge(TensorTask task) {
        super(task);
        models = task.nonBase();
    }

    /** How many products of task vectors there are, squares included. */
    final int products() {
        return models.length * (models.length + 1) / 2;
    }

    /** Adds the dot products of task vectors over some elements to {@code sums}, in the order of {@link #share}. */
    final void addProducts(Strip strip, int from, int length, double[] sums) {
        Tile base = strip.input(task.base(), from, length);
        Tile[] vectors = new Tile[models.length];
        for (int model = 0; model < models.length; model++) {
            vectors[model] = strip.scratch(VECTORS + model, length);
            strip.difference(models[model], from, base, vectors[model], length);
        }
        int product = 0;
        for (int i = 0; i < models.length; i++) {
            for (int j = i; j < models.length; j++) {
                sums[product++] += i == j
                        ? kernels.reductions().dot(vectors[i], vectors[i], length)
                        : kernels.reductions().dotRounded(vectors[i], vectors[j], length);
            }
        }
    }

    /** The share t of the mean, from the sums of products; every step is rounded. */
    final double share(double[] sums) {
        double[] norms = new double[models.length];
        for (int i = 0, product = 0; i < models.length; product += models.length - i, i++) {
            norms[i] = kernels.round(Math.sqrt(sums[product]));
        }
        double cosines = 0;
        int pairs = 0;
        for (int i = 0, product = 0; i < models.length; i++) {
            product++;
            for (int j = i + 1; j < models.length; j++) {
                double norm = Math.max(kernels.round(norms[i] * norms[j]), kernels.round(LEAST_PRODUCT));
                double cosine = kernels.round(kernels.round(sums[product++]) / norm);
                cosines = kernels.factor(cosines + Math.clamp(cosine, -1, 1));
                pairs++;
            }
        }
        double cosine = kernels.round(kernels.factor(cosines / pairs));
        int count = models.length;
        double denominator = kernels.round(1 + kernels.round((count - 1) * cosine));
        if (Math.abs(denominator) < kernels.round(LEAST_DENOMINATOR)) {
            return 0;
        }
        return kernels.round(kernels.round(count * cosine) / denominator);
    }

    /** {@code round(t × mean) + round((1-t) × base)}. */
    final Tile mix(Strip strip, double share, int from, int length) {
        Tile mean = strip.scratch(SUM, length);
        arithmetic.fill(mean, 0, length);
        for (int model : models) {
            arithmetic.add(mean, mean, strip.input(model, from, length), length);
        }
        arithmetic.divideBy(mean, mean, models.length, length);
        Tile base = strip.input(task.base(), from, length);
        arithmetic.weightedSum(mean, mean, share, base, kernels.round(1 - share), length);
        return mean;
    }

    /** One angle for the whole tensor. */
    static final class Whole extends ModelStockMerge {
        private boolean measured;
        private double share;

        Whole(TensorTask task) {
            super(task);
        }

        @Override
        public Pass nextPass() {
            if (measured) {
                return null;
            }
            measured = true;
            double[][] strips = new double[task.strips(stripLength())][products()];
            return new TilePass() {
                @Override
                protected void tile(Strip strip, int from, int length) {
                    addProducts(strip, from, length, strips[strip.index()]);
                }

                @Override
                public void complete() {
                    double[] sums = new double[products()];
                    for (double[] strip : strips) {
                        for (int product = 0; product < sums.length; product++) {
                            sums[product] += strip[product];
                        }
                    }
                    share = share(sums);
                }
            };
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            return mix(strip, share, from, length);
        }
    }

    /** One angle for each row; rows lie whole in a strip, so that one pass is enough. */
    static final class ByRow extends ModelStockMerge {

        ByRow(TensorTask task) {
            super(task);
        }

        @Override
        public int stripLength() {
            return TensorTask.stripOfRows(task.rowLength());
        }

        @Override
        public void output(Strip strip) {
            int row = task.rowLength();
            for (int from = 0; from < strip.length(); from += row) {
                double[] sums = new double[products()];
                addProducts(strip, from, row, sums);
                strip.emit(mix(strip, share(sums), from, row), kernels.type(), row);
            }
        }

        @Override
        protected Tile tile(Strip strip, int from, int length) {
            throw new IllegalStateException("output goes row by row");
        }
    }
}
