package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.INTEGERS;
import static io.amalgam.evaluation.inference.VectorMath.LANES;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * A weight matrix, laid out for multiplication and kept in its stored precision outside the heap.
 *
 * <p>Rows are grouped into panels of a few vectors ({@link #PANEL} rows); inside a panel, column follows column, so that
 * one step of a dot product reads consecutive memory for all rows of the panel. A bfloat16 panel holds, per column, one
 * 32-bit word for a lane of each pair of vectors, with the first vector's row in its low half and the second's in its high
 * half: widening is a shift and a mask. Missing rows of the last panel are zero.
 */
final class PackedMatrix {
    /** Rows of a panel: as many as {@link ProductTile} multiplies at once. */
    static final int PANEL = ProductTile.VECTORS * LANES;

    /** Words of a column of a bfloat16 panel. */
    static final int WORDS = PANEL / 2;

    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int rows;
    private final int columns;
    private final boolean half;
    private final MemorySegment panels;

    /**
     * An all-zero matrix that {@link #set} fills.
     *
     * @param rows output features
     * @param columns input features
     * @param half whether it holds bfloat16 (else float32)
     */
    PackedMatrix(Arena arena, int rows, int columns, boolean half) {
        this.rows = rows;
        this.columns = columns;
        this.half = half;
        this.panels = arena.allocate((long) panelCount() * columns * PANEL * (half ? 2 : 4), 64);
    }

    int rows() {
        return rows;
    }

    int columns() {
        return columns;
    }

    /** Number of panels. */
    int panelCount() {
        return (rows + PANEL - 1) / PANEL;
    }

    /** Rows with the padding of the last panel, in whole steps of {@link VectorMath#STEP}: the stride of a product. */
    int paddedRows() {
        return VectorMath.paddedLength(panelCount() * PANEL);
    }

    /** Whether it holds bfloat16. */
    boolean half() {
        return half;
    }

    /**
     * Stores the upper half of a float32, or all of it.
     *
     * @param bits of the float32
     */
    void set(int row, int column, int bits) {
        if (!half) {
            panels.set(FLOAT, floatOffset(row, column), Float.intBitsToFloat(bits));
            return;
        }
        long offset = wordOffset(row, column);
        int word = panels.get(WORD, offset);
        panels.set(WORD, offset, inLowHalf(row) ? word & 0xffff0000 | bits >>> 16 : word & 0xffff | bits & 0xffff0000);
    }

    /**
     * Stores all rows of a panel from bfloat16 rows that lie one behind the other; faster than element by element.
     *
     * @param source holds the panel's first row at {@code offset}
     */
    void setPanel(int panel, MemorySegment source, long offset) {
        long rowBytes = 2L * columns;
        long target = (long) panel * columns * WORDS * 4;
        for (int column = 0; column < columns; column++) {
            for (int pair = 0; pair < PANEL; pair += 2 * LANES) {
                long low = offset + 2L * column + pair * rowBytes;
                long high = low + LANES * rowBytes;
                for (int lane = 0; lane < LANES; lane++) {
                    int word = source.get(HALF, low + lane * rowBytes) & 0xffff | source.get(HALF, high + lane * rowBytes) << 16;
                    panels.set(WORD, target, word);
                    target += 4;
                }
            }
        }
    }

    /** One element, widened. */
    float get(int row, int column) {
        if (!half) {
            return panels.get(FLOAT, floatOffset(row, column));
        }
        int word = panels.get(WORD, wordOffset(row, column));
        return Float.intBitsToFloat(inLowHalf(row) ? word << 16 : word & 0xffff0000);
    }

    private long floatOffset(int row, int column) {
        return (((long) (row / PANEL) * columns + column) * PANEL + row % PANEL) * 4;
    }

    private long wordOffset(int row, int column) {
        int pair = row % PANEL / (2 * LANES);
        return (((long) (row / PANEL) * columns + column) * WORDS + pair * LANES + row % LANES) * 4;
    }

    private static boolean inLowHalf(int row) {
        return row / LANES % 2 == 0;
    }

    /**
     * Widens columns {@code from} to {@code from + count} of a panel: {@link #PANEL} floats a column.
     *
     * <p>They come out of memory in one copy, which the processor reads ahead of; vector loads from a memory segment take
     * several times as long.
     *
     * @param words scratch memory, {@link #WORDS} a column
     */
    void widen(int panel, int from, int count, int[] words, float[] target) {
        long first = (long) panel * columns + from;
        if (!half) {
            MemorySegment.copy(panels, FLOAT, first * PANEL * 4, target, 0, count * PANEL);
            return;
        }
        MemorySegment.copy(panels, WORD, first * WORDS * 4, words, 0, count * WORDS);
        for (int i = 0; i < count * WORDS; i += LANES) {
            IntVector pair = IntVector.fromArray(INTEGERS, words, i);
            pair.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, 2 * i);
            pair.and(0xffff0000).reinterpretAsFloats().intoArray(target, 2 * i + LANES);
        }
    }
}
