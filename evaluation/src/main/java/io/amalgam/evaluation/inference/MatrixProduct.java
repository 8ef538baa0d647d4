package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.PackedMatrix.PANEL;
import static io.amalgam.evaluation.inference.PackedMatrix.WORDS;
import static io.amalgam.evaluation.inference.VectorMath.LANES;

import java.util.Arrays;

/**
 * Products of activations with packed weights: {@code y = x · Wᵀ}.
 *
 * <p>The loops are those of Goto and van de Geijn (2008): blocks of {@link #DEPTH} columns at most; rows of activations
 * that stay in the second-level cache; a panel of weights is widened into a buffer that is near the first-level cache and
 * meets those rows, {@link #TILE} at a time, in registers. Every element of the result is a sum over blocks of sums over
 * columns in order, each one fused multiply-add at a time, so it depends neither on the number of rows nor on threads nor
 * on the width of a vector.
 */
final class MatrixProduct {
    /** Rows of activations that are multiplied together. */
    static final int TILE = ProductTile.ROWS;

    /** The most columns whose products are summed before they join the result. */
    static final int DEPTH = 288;

    /**
     * The most tiles of rows that meet a panel while they are in the second-level cache: 216 KiB, and 576 KiB where vectors
     * have 512 bits, with which this cache came to have a megabyte.
     */
    private static final int BLOCK_TILES = LANES == 16 ? 128 : 48;

    /** A panel of weights as it is stored and widened. */
    private record Panel(int[] words, float[] floats) {
    }

    private final WorkerTeam team;
    private final Panel[] buffers;
    private float[] packed = new float[0];

    /** Products computed by a team. */
    MatrixProduct(WorkerTeam team) {
        this.team = team;
        this.buffers = new Panel[team.size()];
        Arrays.setAll(buffers, worker -> new Panel(new int[DEPTH * WORDS], new float[DEPTH * PANEL]));
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
        // Few panels could not be shared evenly by threads: then half as many rows are a task.
        int blockTiles = team.size() > 1 && panels < 16 * team.size() ? BLOCK_TILES / 2 : BLOCK_TILES;
        int blocks = (tiles + blockTiles - 1) / blockTiles;
        int ranges = team.size() == 1 ? 1 : Math.min(panels, 4 * team.size());
        team.run(blocks * ranges, (task, worker) -> {
            int block = task / ranges;
            int range = task % ranges;
            multiplyBlock(tiled, part(tiles, block, blocks), part(tiles, block + 1, blocks), weights,
                    part(panels, range, ranges), part(panels, range + 1, ranges), y, buffers[worker]);
        });
    }

    /** Where the given one of equal parts begins. */
    private static int part(int whole, int index, int parts) {
        return (int) ((long) whole * index / parts);
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
    static int depth(int columns) {
        int blocks = (columns + DEPTH - 1) / DEPTH;
        return (columns + blocks - 1) / blocks;
    }

    /** Multiplies tiles by panels, a block of columns at a time. */
    private static void multiplyBlock(float[] packed, int fromTile, int toTile, PackedMatrix weights, int fromPanel,
            int toPanel, float[] y, Panel buffer) {
        int columns = weights.columns();
        int stride = weights.paddedRows();
        int wholeDepth = depth(columns);
        for (int start = 0; start < columns; start += wholeDepth) {
            int depth = Math.min(wholeDepth, columns - start);
            for (int panel = fromPanel; panel < toPanel; panel++) {
                weights.widen(panel, start, depth, buffer.words, buffer.floats);
                for (int tile = fromTile; tile < toTile; tile++) {
                    ProductTile.multiply(ProductTile.VECTORS, packed, (tile * columns + start) * TILE, buffer.floats, 0, PANEL,
                            depth, y, tile * TILE * stride + panel * PANEL, stride, start > 0);
                }
            }
        }
    }
}
