package io.amalgam.storage.s3;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ObjectStorage.StoredObject;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Ranges of an object as it was when it was looked at: each request demands the same entity tag. A connection that breaks
 * halfway keeps what it brought; the next attempt asks for the rest.
 */
final class S3RangeReader implements RangeReader {
    private static final int ATTEMPTS = 5;
    private static final long FIRST_PAUSE_MILLIS = 200;
    private static final int COPY_BUFFER = 256 << 10;

    private final S3ObjectStorage storage;
    private final StoredObject object;

    S3RangeReader(S3ObjectStorage storage, StoredObject object) {
        this.storage = storage;
        this.object = object;
    }

    @Override
    public long length() {
        return object.length();
    }

    @Override
    public boolean remote() {
        return true;
    }

    @Override
    public void read(long position, MemorySegment destination) throws IOException {
        long size = destination.byteSize();
        if (position < 0 || size > object.length() - position) {
            throw new EOFException(storage.address(object.key()) + ": bytes " + position + "…" + (position + size)
                    + " lie outside its " + object.length() + ".");
        }
        long done = 0;
        int failures = 0;
        while (done < size) {
            Progress progress = new Progress(done);
            try {
                readRest(position, destination, progress);
                done = size;
            } catch (S3Exception e) {
                throw refused(e);
            } catch (SdkException | IOException e) {
                failures = progress.done > done ? 1 : failures + 1;
                done = progress.done;
                if (failures >= ATTEMPTS) {
                    throw S3Failures.of("read " + storage.address(object.key()), e);
                }
                pause(failures);
            }
        }
    }

    /** How far an attempt got. */
    private static final class Progress {
        private long done;

        Progress(long done) {
            this.done = done;
        }
    }

    private void readRest(long position, MemorySegment destination, Progress progress) throws IOException {
        long from = position + progress.done;
        long to = position + destination.byteSize() - 1;
        try (ResponseInputStream<GetObjectResponse> stream = storage.client().getObject(request -> request
                .bucket(storage.bucket()).key(object.key()).range("bytes=" + from + "-" + to).ifMatch(object.tag()))) {
            String expected = "bytes " + from + "-" + to + "/" + object.length();
            String range = stream.response().contentRange();
            boolean whole = range == null && from == 0 && stream.response().contentLength() == object.length();
            if (!expected.equals(range) && !whole) {
                stream.abort();
                throw new IOException("it answered with the range '" + range + "', asked was for '" + expected + "'");
            }
            byte[] buffer = new byte[(int) Math.min(COPY_BUFFER, destination.byteSize() - progress.done)];
            while (progress.done < destination.byteSize()) {
                int count = stream.read(buffer, 0, (int) Math.min(buffer.length, destination.byteSize() - progress.done));
                if (count < 0) {
                    throw new EOFException("the answer ended early");
                }
                MemorySegment.copy(MemorySegment.ofArray(buffer), 0, destination, progress.done, count);
                progress.done += count;
            }
        }
    }

    private AmalgamException refused(S3Exception e) {
        return switch (e.statusCode()) {
            case 412, 404 -> new AmalgamException(ErrorCode.MODEL_CHANGED, "Object " + storage.address(object.key())
                    + (e.statusCode() == 404 ? " was removed" : " was replaced") + " while it was being used; submit the recipe again.", e);
            default -> S3Failures.of("read " + storage.address(object.key()), e);
        };
    }

    private static void pause(int failures) {
        try {
            Thread.sleep(FIRST_PAUSE_MILLIS << failures);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Reading from S3 was interrupted.", e);
        }
    }

    @Override
    public void close() {
        // Requests hold no connection between them.
    }
}
