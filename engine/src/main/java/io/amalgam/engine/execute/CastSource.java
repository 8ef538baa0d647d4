package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.kernel.Kernels;
import io.amalgam.engine.kernel.Tile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A source whose elements are converted to another floating type. */
final class CastSource implements ElementSource {
    private final ElementSource source;
    private final DType type;

    CastSource(ElementSource source, DType type) {
        this.source = source;
        this.type = type;
    }

    @Override
    public DType dtype() {
        return type;
    }

    @Override
    public void read(long first, int count, MemorySegment to) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate((long) count * source.dtype().bytes(), Long.BYTES);
            source.read(first, count, bytes);
            Kernels kernels = Kernels.of(type);
            Tile tile = kernels.tile(Math.min(count, Tile.LENGTH));
            for (int from = 0; from < count; from += Tile.LENGTH) {
                int length = Math.min(Tile.LENGTH, count - from);
                kernels.codec().decode(bytes, (long) from * source.dtype().bytes(), source.dtype(), type, tile, length);
                kernels.codec().encode(tile, type, to, (long) from * type.bytes(), length);
            }
        }
    }
}
