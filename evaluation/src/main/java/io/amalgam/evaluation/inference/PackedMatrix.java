package io.amalgam.evaluation.inference;

import static io.amalgam.evaluation.inference.VectorMath.INTEGERS;
import static io.amalgam.evaluation.inference.VectorMath.LANES;
import static io.amalgam.evaluation.inference.VectorMath.SPECIES;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * A weight matrix, laid out for multiplication and kept in its stored precision outside the heap.
 *
 * <p>Rows are grouped into panels of two vectors ({@link #PANEL} rows); inside a panel, column follows column, so that one
 * step of a dot product reads consecutive memory for all rows of the panel. A bfloat16 panel holds, per column and lane,
 * one 32-bit word with row {@code lane} in its low half and row {@code lane + LANES} in its high half: widening is a
 * shift and a mask. Missing rows of the last panel are zero.
 */
final class PackedMatrix {
    /** Rows of a panel. */
    static final int PANEL = 2 * LANES;

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
        int lane = row % PANEL;
        long base = (long) (row / PANEL) * columns + column;
        if (!half) {
            panels.set(FLOAT, (base * PANEL + lane) * 4, Float.intBitsToFloat(bits));
            return;
        }
        long offset = (base * LANES + lane % LANES) * 4;
        int word = panels.get(WORD, offset);
        panels.set(WORD, offset, lane < LANES ? word & 0xffff0000 | bits >>> 16 : word & 0xffff | bits & 0xffff0000);
    }

    /**
     * Stores all rows of a panel from bfloat16 rows that lie one behind the other; faster than element by element.
     *
     * @param source holds the panel's first row at {@code offset}
     */
    void setPanel(int panel, MemorySegment source, long offset) {
        long rowBytes = 2L * columns;
        long target = (long) panel * columns * LANES * 4;
        for (int column = 0; column < columns; column++) {
            long low = offset + 2L * column;
            long high = low + LANES * rowBytes;
            for (int lane = 0; lane < LANES; lane++) {
                int word = source.get(HALF, low + lane * rowBytes) & 0xffff | source.get(HALF, high + lane * rowBytes) << 16;
                panels.set(WORD, target, word);
                target += 4;
            }
        }
    }

    /** One element, widened. */
    float get(int row, int column) {
        int lane = row % PANEL;
        long base = (long) (row / PANEL) * columns + column;
        if (!half) {
            return panels.get(FLOAT, (base * PANEL + lane) * 4);
        }
        int word = panels.get(WORD, (base * LANES + lane % LANES) * 4);
        return Float.intBitsToFloat(lane < LANES ? word << 16 : word & 0xffff0000);
    }

    /** Widens columns {@code from} to {@code from + count} of a panel: {@link #PANEL} floats a column. */
    void widen(int panel, int from, int count, float[] target) {
        if (half) {
            long offset = ((long) panel * columns + from) * LANES * 4;
            for (int i = 0; i < count; i++) {
                IntVector words = IntVector.fromMemorySegment(INTEGERS, panels, offset + (long) i * LANES * 4,
                        ByteOrder.LITTLE_ENDIAN);
                words.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(target, i * PANEL);
                words.and(0xffff0000).reinterpretAsFloats().intoArray(target, i * PANEL + LANES);
            }
        } else {
            long offset = ((long) panel * columns + from) * PANEL * 4;
            for (int i = 0; i < count * 2; i++) {
                FloatVector.fromMemorySegment(SPECIES, panels, offset + (long) i * LANES * 4, ByteOrder.LITTLE_ENDIAN)
                        .intoArray(target, i * LANES);
            }
        }
    }
}
