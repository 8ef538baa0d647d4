package io.amalgam.engine.execute;

import io.amalgam.engine.checkpoint.DType;
import io.amalgam.engine.tensor.TensorSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A tensor as it lies in a file. */
final class StoredSource implements ElementSource {
    private final TensorSource.Stored stored;
    private final InputFiles files;

    StoredSource(TensorSource.Stored stored, InputFiles files) {
        this.stored = stored;
        this.files = files;
    }

    @Override
    public DType dtype() {
        return stored.dtype();
    }

    @Override
    public void read(long first, int count, MemorySegment to) throws IOException {
        int bytes = stored.dtype().bytes();
        files.read(stored.model(), stored.file(), stored.position() + first * bytes, to.asSlice(0, (long) count * bytes));
    }
}
