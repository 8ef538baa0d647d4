package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.PackedMatrix.PANEL;
import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Products of activations with packed weights: {@code y = x · Wᵀ}.
 *
 * <p>The loops are those of Goto and van de Geijn (2008): blocks of {@link #DEPTH} columns at most; rows of activations
 * that stay in the second-level cache; a panel of weights is widened into a buffer that fits the first-level cache and
 * meets those rows, {@link #TILE} at a time, in registers. Every element of the result is a sum over blocks of sums over
 * columns in order, each one fused multiply-add at a time, so it depends neither on the number of rows nor on threads nor
 * on the width of a vector.
 */
final class MatrixProduct {
    /**
     * Rows of activations that are multiplied together: eight accumulators keep two multipliers with a latency of four
     * cycles busy, and with them all six operands fit in AVX2's 16 registers. (HotSpot's compiler loads all operands of a
     * step before it multiplies; six rows, whose operands do not fit, are less than half as fast.)
     */
    static final int TILE = 4;

    /** The most columns whose products are summed before they join the result. */
    static final int DEPTH = 288;

    /** Tiles of rows that meet a panel while they are in the second-level cache: 216 KiB. */
    private static final int BLOCK_TILES = 48;

    private final WorkerTeam team;
    private final float[][] panelBuffers;
    private float[] packed = new float[0];

    /** Products computed by a team. */
    MatrixProduct(WorkerTeam team) {
        this.team = team;
        this.panelBuffers = new float[team.size()][DEPTH * PANEL];
    }

    /** Rounds a number of activation rows up to whole tiles: the rows that a result array must have. */
    static int paddedTokens(int tokens) {
        return (tokens + TILE - 1) / TILE * TILE;
    }

    /**
     * Computes {@code y = x · Wᵀ}.
     *
     * @param x activations, row-major
     * @param xStride floats from one row to the next
     * @param tokens number of rows
     * @param weights the matrix W, of shape [rows, columns]
     * @param y the result, with a stride of {@link PackedMatrix#paddedRows} and room for whole tiles of rows
     */
    void multiply(float[] x, int xStride, int tokens, PackedMatrix weights, float[] y) {
        int columns = weights.columns();
        int tiles = paddedTokens(tokens) / TILE;
        if (packed.length < tiles * TILE * columns) {
            packed = new float[tiles * TILE * columns];
        }
        float[] tiled = packed;
        int tilesPerTask = Math.max(1, (1 << 15) / (TILE * columns));
        team.run((tiles + tilesPerTask - 1) / tilesPerTask, (task, worker) -> {
            int end = Math.min((task + 1) * tilesPerTask, tiles);
            for (int tile = task * tilesPerTask; tile < end; tile++) {
                pack(x, xStride, tokens, columns, tile, tiled);
            }
        });
        int panels = weights.panelCount();
        int tasks = team.size() == 1 ? 1 : Math.min(panels, 4 * team.size());
        team.run(tasks, (task, worker) -> {
            int from = (int) ((long) panels * task / tasks);
            int to = (int) ((long) panels * (task + 1) / tasks);
            multiplyPanels(tiled, tiles, weights, from, to, y, panelBuffers[worker]);
        });
    }

    /** Lays a tile's rows side by side: column by column, {@link #TILE} floats each. */
    private static void pack(float[] x, int stride, int tokens, int columns, int tile, float[] packed) {
        int base = tile * TILE * columns;
        int first = tile * TILE;
        if (first + TILE <= tokens) {
            int row0 = first * stride;
            int row1 = row0 + stride;
            int row2 = row1 + stride;
            int row3 = row2 + stride;
            for (int column = 0; column < columns; column++) {
                int target = base + column * TILE;
                packed[target] = x[row0 + column];
                packed[target + 1] = x[row1 + column];
                packed[target + 2] = x[row2 + column];
                packed[target + 3] = x[row3 + column];
            }
            return;
        }
        Arrays.fill(packed, base, base + TILE * columns, 0);
        for (int row = first; row < tokens; row++) {
            for (int column = 0; column < columns; column++) {
                packed[base + column * TILE + row - first] = x[row * stride + column];
            }
        }
    }

    /** Columns of a block: all blocks of a matrix have as many, up to rounding, so that none is short. */
    private static int depth(int columns) {
        int blocks = (columns + DEPTH - 1) / DEPTH;
        return (columns + blocks - 1) / blocks;
    }

    private static void multiplyPanels(float[] packed, int tiles, PackedMatrix weights, int from, int to, float[] y,
            float[] panelBuffer) {
        int columns = weights.columns();
        int stride = weights.paddedRows();
        int wholeDepth = depth(columns);
        for (int start = 0; start < columns; start += wholeDepth) {
            int depth = Math.min(wholeDepth, columns - start);
            for (int block = 0; block < tiles; block += BLOCK_TILES) {
                int end = Math.min(block + BLOCK_TILES, tiles);
                for (int panel = from; panel < to; panel++) {
                    weights.widen(panel, start, depth, panelBuffer);
                    for (int tile = block; tile < end; tile++) {
                        int activations = (tile * columns + start) * TILE;
                        multiplyTile(packed, activations, panelBuffer, depth, y, tile * TILE * stride + panel * PANEL,
                                stride, start > 0);
                    }
                }
            }
        }
    }

    /** The kernel: four rows by two vectors. The eight sums and six operands stay in registers. */
    private static void multiplyTile(float[] a, int aOffset, float[] b, int depth, float[] y, int yOffset, int yStride,
            boolean accumulate) {
        FloatVector sum00 = FloatVector.zero(SPECIES);
        FloatVector sum01 = sum00;
        FloatVector sum10 = sum00;
        FloatVector sum11 = sum00;
        FloatVector sum20 = sum00;
        FloatVector sum21 = sum00;
        FloatVector sum30 = sum00;
        FloatVector sum31 = sum00;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, k * PANEL);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, k * PANEL + LANES);
            int at = aOffset + k * TILE;
            FloatVector a0 = FloatVector.broadcast(SPECIES, a[at]);
            sum00 = a0.fma(b0, sum00);
            sum01 = a0.fma(b1, sum01);
            FloatVector a1 = FloatVector.broadcast(SPECIES, a[at + 1]);
            sum10 = a1.fma(b0, sum10);
            sum11 = a1.fma(b1, sum11);
            FloatVector a2 = FloatVector.broadcast(SPECIES, a[at + 2]);
            sum20 = a2.fma(b0, sum20);
            sum21 = a2.fma(b1, sum21);
            FloatVector a3 = FloatVector.broadcast(SPECIES, a[at + 3]);
            sum30 = a3.fma(b0, sum30);
            sum31 = a3.fma(b1, sum31);
        }
        if (accumulate) {
            int at = yOffset;
            sum00 = sum00.add(FloatVector.fromArray(SPECIES, y, at));
            sum01 = sum01.add(FloatVector.fromArray(SPECIES, y, at + LANES));
            at += yStride;
            sum10 = sum10.add(FloatVector.fromArray(SPECIES, y, at));
            sum11 = sum11.add(FloatVector.fromArray(SPECIES, y, at + LANES));
            at += yStride;
            sum20 = sum20.add(FloatVector.fromArray(SPECIES, y, at));
            sum21 = sum21.add(FloatVector.fromArray(SPECIES, y, at + LANES));
            at += yStride;
            sum30 = sum30.add(FloatVector.fromArray(SPECIES, y, at));
            sum31 = sum31.add(FloatVector.fromArray(SPECIES, y, at + LANES));
        }
        int at = yOffset;
        sum00.intoArray(y, at);
        sum01.intoArray(y, at + LANES);
        at += yStride;
        sum10.intoArray(y, at);
        sum11.intoArray(y, at + LANES);
        at += yStride;
        sum20.intoArray(y, at);
        sum21.intoArray(y, at + LANES);
        at += yStride;
        sum30.intoArray(y, at);
        sum31.intoArray(y, at + LANES);
    }
}
