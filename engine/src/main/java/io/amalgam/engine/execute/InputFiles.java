package io.amalgam.engine.execute;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** The input files of a chunk, each opened once, when it is first needed. Counts what is read. */
final class InputFiles implements AutoCloseable {
    private final List<PlannedModel> models;
    private final ModelOpener opener;
    private final ExecutionListener listener;
    private final Map<String, RangeReader> readers = new HashMap<>();
    private final LongAdder bytesRead = new LongAdder();

    InputFiles(List<PlannedModel> models, ModelOpener opener, ExecutionListener listener) {
        this.models = models;
        this.opener = opener;
        this.listener = listener;
    }

    /** Reads bytes of a file of a model. */
    void read(int model, String file, long position, MemorySegment to) throws IOException {
        try {
            reader(model, file).read(position, to);
        } catch (IOException e) {
            throw new AmalgamException(
                    ErrorCode.SOURCE_UNAVAILABLE,
                    "Reading %d bytes at %d of %s of model %s failed: %s"
                            .formatted(to.byteSize(), position, file, models.get(model).path(), e.getMessage()),
                    e);
        }
        bytesRead.add(to.byteSize());
        listener.bytesRead(to.byteSize());
    }

    private RangeReader reader(int model, String file) throws IOException {
        synchronized (readers) {
            String key = model + "/" + file;
            RangeReader reader = readers.get(key);
            if (reader == null) {
                reader = opener.open(model, file);
                readers.put(key, reader);
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
    }
}
