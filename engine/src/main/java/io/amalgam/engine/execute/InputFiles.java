package io.amalgam.engine.execute;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ChunkRanges.InputFile;
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
    /** What is read of each file and kept if the file is far away; empty if nothing is kept. */
    private final Map<InputFile, List<Range>> ranges;
    private final ScratchRanges scratch;
    private final ExecutionListener listener;
    private final Map<InputFile, RangeReader> readers = new HashMap<>();
    private final LongAdder bytesRead = new LongAdder();

    /** The files of some models, read as they lie. */
    InputFiles(List<PlannedModel> models, ModelOpener opener, ExecutionListener listener) {
        this(models, opener, listener, Map.of(), null);
    }

    /** The files of a chunk; what is read of those that are far away is kept. */
    InputFiles(ChunkSlice slice, ModelOpener opener, ExecutionOptions options, ExecutionListener listener) {
        this(
                slice.models(),
                opener,
                listener,
                ChunkRanges.of(slice.chunk()),
                new ScratchRanges(options.scratch(), options.scratchBytes()));
    }

    private InputFiles(
            List<PlannedModel> models,
            ModelOpener opener,
            ExecutionListener listener,
            Map<InputFile, List<Range>> ranges,
            ScratchRanges scratch) {
        this.models = models;
        this.opener = opener;
        this.listener = listener;
        this.ranges = ranges;
        this.scratch = scratch;
    }

    /** Whether any of a chunk's files is far away, so that reading it is mostly waiting. */
    boolean remote() {
        boolean remote = false;
        for (InputFile file : ranges.keySet()) {
            try {
                remote |= reader(file).remote();
            } catch (IOException e) {
                throw failure("Opening", file, e);
            }
        }
        return remote;
    }

    /** Reads bytes of a file of a model. */
    void read(int model, String name, long position, MemorySegment to) throws IOException {
        InputFile file = new InputFile(model, name);
        try {
            reader(file).read(position, to);
        } catch (IOException e) {
            throw failure("Reading %d bytes at %d of".formatted(to.byteSize(), position), file, e);
        }
        bytesRead.add(to.byteSize());
        listener.bytesRead(to.byteSize());
    }

    private AmalgamException failure(String attempt, InputFile file, IOException cause) {
        return new AmalgamException(
                ErrorCode.SOURCE_UNAVAILABLE,
                "%s %s of model %s failed: %s"
                        .formatted(attempt, file.name(), models.get(file.model()).path(), cause.getMessage()),
                cause);
    }

    private RangeReader reader(InputFile file) throws IOException {
        synchronized (readers) {
            RangeReader reader = readers.get(file);
            if (reader == null) {
                reader = opener.open(file.model(), file.name());
                if (scratch != null && reader.remote()) {
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
