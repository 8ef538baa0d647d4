package io.amalgam.engine.method;

import io.amalgam.engine.kernel.Tile;

/**
 * Nuslerp of each vector along the first dimension. Strips hold whole rows of all the other dimensions; each adds up its
 * part of every column, and the parts are added in order.
 */
final class NuSlerpByColumn extends NuSlerpMerge {
    /** The fewest rows of a strip: every strip holds sums of all columns. */
    private static final int ROWS = 256;

    private final int columns;
    /** By column: norms of both vectors. */
    private double[][] norms;
    /** By column: what the vectors are multiplied with and divided by. */
    private Tile[] factors;

    NuSlerpByColumn(TensorTask task) {
        super(task);
        columns = Math.toIntExact(task.elements() / task.plan().shape()[0]);
    }

    @Override
    public int stripLength() {
        long rows = Math.clamp(STRIP / columns, Math.min(ROWS, task.plan().shape()[0]), task.plan().shape()[0]);
        return Math.toIntExact(rows * columns);
    }

    @Override
    public Pass nextPass() {
        if (factors != null) {
            return null;
        }
        return norms == null ? new NormPass() : new DotPass();
    }

    /** Sums over each column. */
    private abstract class ColumnPass implements Pass {
        private final double[][][] sums = new double[task.strips(stripLength())][][];
        private final int kinds;

        ColumnPass(int kinds) {
            this.kinds = kinds;
        }

        /** Adds what one row gives to the sums of each column. */
        abstract void row(Strip strip, int from, double[][] ofColumn);

        @Override
        public void strip(Strip strip) {
            double[][] ofColumn = new double[kinds][columns];
            for (int from = 0; from < strip.length(); from += columns) {
                row(strip, from, ofColumn);
            }
            sums[strip.index()] = ofColumn;
        }

        final double total(int kind, int column) {
            double total = 0;
            for (double[][] ofStrip : sums) {
                total += ofStrip[kind][column];
            }
            return total;
        }
    }

    private final class NormPass extends ColumnPass {

        NormPass() {
            super(2);
        }

        @Override
        void row(Strip strip, int from, double[][] ofColumn) {
            Tile[] vectors = vectors(strip, from, columns);
            for (int model = 0; model < 2; model++) {
                for (int column = 0; column < columns; column++) {
                    double element = vectors[model].get(column);
                    ofColumn[model][column] += element * element;
                }
            }
        }

        @Override
        public void complete() {
            norms = new double[2][columns];
            for (int model = 0; model < 2; model++) {
                for (int column = 0; column < columns; column++) {
                    norms[model][column] = norm(total(model, column));
                }
            }
        }
    }

    private final class DotPass extends ColumnPass {

        DotPass() {
            super(1);
        }

        @Override
        void row(Strip strip, int from, double[][] ofColumn) {
            Tile[] vectors = vectors(strip, from, columns);
            for (int column = 0; column < columns; column++) {
                double first = kernels.round(vectors[0].get(column) / norms[0][column]);
                double second = kernels.round(vectors[1].get(column) / norms[1][column]);
                ofColumn[0][column] += kernels.round(first * second);
            }
        }

        @Override
        public void complete() {
            Tile[] ofColumn = {kernels.tile(columns), kernels.tile(columns), kernels.tile(columns)};
            for (int column = 0; column < columns; column++) {
                Factors one = factors(total(0, column));
                ofColumn[0].set(column, one.first());
                ofColumn[1].set(column, one.second());
                ofColumn[2].set(column, one.divisor());
            }
            factors = ofColumn;
        }
    }

    @Override
    public void output(Strip strip) {
        for (int from = 0; from < strip.length(); from += columns) {
            strip.emit(tile(strip, from, columns), kernels.type(), columns);
        }
    }

    @Override
    protected Tile tile(Strip strip, int from, int length) {
        Tile[] vectors = vectors(strip, from, length);
        arithmetic.multiply(vectors[0], vectors[0], factors[0], length);
        arithmetic.multiply(vectors[1], vectors[1], factors[1], length);
        arithmetic.add(vectors[0], vectors[0], vectors[1], length);
        arithmetic.divide(vectors[0], vectors[0], factors[2], length);
        return addBase(strip, vectors[0], from, length);
    }
}
