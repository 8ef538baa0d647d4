package io.amalgam.engine.execute;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ChunkRanges.InputFile;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.source.ScratchRanges;
import io.amalgam.engine.source.ScratchRanges.Range;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * The input files of a chunk, each opened once, when it is first needed. Counts what is read. What is read of files that
 * are far away is kept in a scratch file until the chunk is done.
 */
final class InputFiles implements AutoCloseable {
    private final List<PlannedModel> models;
    private final ModelOpener opener;
    private final ExecutionListener listener;
    private final ChunkPlan chunk;
    private final ScratchRanges scratch;
    private final Map<InputFile, RangeReader> readers = new HashMap<>();
    private final LongAdder bytesRead = new LongAdder();
    private Map<InputFile, List<Range>> ranges;

    /** The files of some models, read as they lie. */
    InputFiles(List<PlannedModel> models, ModelOpener opener, ExecutionListener listener) {
        this(models, opener, listener, null, null);
    }

    /** The files of a chunk; what is read of those that are far away is kept. */
    InputFiles(ChunkSlice slice, ModelOpener opener, ExecutionOptions options, ExecutionListener listener) {
        this(slice.models(), opener, listener, slice.chunk(), new ScratchRanges(options.scratch(), options.scratchBytes()));
    }

    private InputFiles(
            List<PlannedModel> models, ModelOpener opener, ExecutionListener listener, ChunkPlan chunk, ScratchRanges scratch) {
        this.models = models;
        this.opener = opener;
        this.listener = listener;
        this.chunk = chunk;
        this.scratch = scratch;
    }

    /** Reads bytes of a file of a model. */
    void read(int model, String name, long position, MemorySegment to) throws IOException {
        try {
            reader(new InputFile(model, name)).read(position, to);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE,
                    "Reading %d bytes at %d of %s of model %s failed: %s"
                            .formatted(to.byteSize(), position, name, models.get(model).path(), e.getMessage()),
                    e);
        }
        bytesRead.add(to.byteSize());
        listener.bytesRead(to.byteSize());
    }

    private RangeReader reader(InputFile file) throws IOException {
        synchronized (readers) {
            RangeReader reader = readers.get(file);
            if (reader == null) {
                reader = opener.open(file.model(), file.name());
                if (scratch != null && reader.remote()) {
                    ranges = ranges == null ? ChunkRanges.of(chunk) : ranges;
                    reader = scratch.keep(reader, ranges.get(file));
                }
                readers.put(file, reader);
            }
            return reader;
        }
    }

    /** Bytes read so far. */
    long bytesRead() {
        return bytesRead.sum();
    }

    @Override
    public void close() throws IOException {
        for (RangeReader reader : readers.values()) {
            reader.close();
        }
        if (scratch != null) {
            scratch.close();
        }
    }
}
