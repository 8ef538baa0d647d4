package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import io.amalgam.engine.plan.RowTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A vocabulary tensor whose rows follow the output tokenizer (mergekit.md §4.4): own rows where the input has the token,
 * else the row, average or zeros that the table says; padding rows are the mean of all others.
 */
final class RemappedSource implements ElementSource {
    private final RowTable table;
    private final int input;
    /** The vocabulary tensors of all inputs, already of the arithmetic's type. */
    private final List<ElementSource> rows;
    private final DType type;
    private final Kernels kernels;
    private final int rowLength;
    private Tile padding;

    RemappedSource(RowTable table, int input, List<ElementSource> rows, DType type, int rowLength) {
        this.table = table;
        this.input = input;
        this.rows = rows;
        this.type = type;
        this.kernels = Kernels.of(type);
        this.rowLength = rowLength;
    }

    @Override
    public DType dtype() {
        return type;
    }

    @Override
    public void read(long first, int count, MemorySegment to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            RowReader reader = new RowReader(arena);
            long bytes = (long) rowLength * type.bytes();
            long element = first;
            while (element < first + count) {
                int token = (int) (element / rowLength);
                int column = (int) (element % rowLength);
                int length = (int) Math.min(rowLength - column, first + count - element);
                long target = (element - first) * type.bytes();
                int run = column == 0 ? ownRun(token, (int) ((first + count - element) / rowLength)) : 0;
                if (run > 0) {
                    // Neighbouring tokens that are neighbours in the input too are read at once.
                    long start = (long) table.ownRow()[input][token] * rowLength;
                    length = run * rowLength;
                    rows.get(input).read(start, length, to.asSlice(target, run * bytes));
                } else {
                    reader.row(token);
                    kernels.codec().encode(reader.slice(column, length), type, to, target, length);
                }
                element += length;
            }
        }
    }

    /** How many tokens from this one on, at most {@code limit}, are own rows that lie one behind the other. */
    private int ownRun(int token, int limit) {
        int run = 0;
        while (run < limit && isOwn(token + run)
                && table.ownRow()[input][token + run] == table.ownRow()[input][token] + run) {
            run++;
        }
        return run;
    }

    private boolean isOwn(int token) {
        return token < table.tokens() && table.ownRow()[input][token] >= 0 && !table.force()[token];
    }

    /** The mean of the rows of all tokens, which padding rows are; computed when first needed. */
    private synchronized Tile padding() throws IOException {
        if (padding == null) {
            try (Arena arena = Arena.ofConfined()) {
                RowReader reader = new RowReader(arena);
                double[] sums = new double[rowLength];
                for (int token = 0; token < table.tokens(); token++) {
                    reader.row(token);
                    for (int column = 0; column < rowLength; column++) {
                        sums[column] += reader.row.get(column);
                    }
                }
                Tile mean = kernels.tile(rowLength);
                for (int column = 0; column < rowLength; column++) {
                    mean.set(column, kernels.round(sums[column] / table.tokens()));
                }
                padding = mean;
            }
        }
        return padding;
    }

    /** Makes single rows. */
    private final class RowReader {
        private final MemorySegment bytes;
        private final Tile row = kernels.tile(rowLength);
        private final Tile other = kernels.tile(rowLength);
        private final Tile part = kernels.tile(rowLength);

        RowReader(Arena arena) {
            bytes = arena.allocate((long) rowLength * type.bytes(), Long.BYTES);
        }

        void row(int token) throws IOException {
            if (token >= table.tokens()) {
                copy(padding(), row);
            } else if (isOwn(token)) {
                load(input, table.ownRow()[input][token], row);
            } else {
                int fill = table.fill()[token];
                switch (fill) {
                    case RowTable.ZERO -> kernels.arithmetic().fill(row, 0, rowLength);
                    case RowTable.AVERAGE -> average(token);
                    case RowTable.INPUT_ROW -> {
                        long place = table.fillRow()[token];
                        load((int) (place >>> 32), (int) place, row);
                    }
                    default -> load(fill, table.ownRow()[fill][token], row);
                }
            }
        }

        /** The sum of the rows of all inputs that have the token, each addition rounded, divided by their number. */
        private void average(int token) throws IOException {
            int count = 0;
            kernels.arithmetic().fill(row, 0, rowLength);
            for (int source = 0; source < rows.size(); source++) {
                int own = table.ownRow()[source][token];
                if (own >= 0) {
                    load(source, own, other);
                    kernels.arithmetic().add(row, row, other, rowLength);
                    count++;
                }
            }
            kernels.arithmetic().divideBy(row, row, count, rowLength);
        }

        private void load(int source, int index, Tile to) throws IOException {
            rows.get(source).read((long) index * rowLength, rowLength, bytes);
            kernels.codec().decode(bytes, 0, type, type, to, rowLength);
        }

        private void copy(Tile from, Tile to) {
            for (int column = 0; column < rowLength; column++) {
                to.set(column, from.get(column));
            }
        }

        Tile slice(int column, int length) {
            if (column == 0) {
                return row;
            }
            for (int i = 0; i < length; i++) {
                part.set(i, row.get(column + i));
            }
            return part;
        }
    }
}
