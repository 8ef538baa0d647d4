package io.amalgam.engine.kernel;

/**
 * Reductions over the elements of a tile in binary64. Element i is added to partial sum i mod 16, in order; the sixteen
 * are then added in order. So results depend on nothing but the elements.
 */
public interface ReductionKernels {
    /** Number of partial sums. */
    int LANES = 16;

    /** The sum of the elements. */
    double sum(Tile a, int length);

    /** The sum of the elements' magnitudes. */
    double sumOfMagnitudes(Tile a, int length);

    /** The sum of products; both may be the same tile. */
    double dot(Tile a, Tile b, int length);

    /** The sum of products that are each rounded to the type of the arithmetic. */
    double dotRounded(Tile a, Tile b, int length);

    /** The largest element, or negative infinity; NaN if any element is. */
    double maximum(Tile a, int length);

    /** Adds partial sums in order. */
    static double combine(double[] lanes) {
        double sum = lanes[0];
        for (int lane = 1; lane < LANES; lane++) {
            sum += lanes[lane];
        }
        return sum;
    }
}
