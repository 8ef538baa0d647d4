package io.amalgam.storage.s3;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ObjectStorage.UnfinishedUpload;
import io.amalgam.engine.store.ObjectStorage.Upload;
import java.io.ByteArrayInputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * An object that is sent in parts while it comes into being. At most {@value #BUFFERS} parts are in memory: one that is
 * filled while the others are under way. Each part goes with its CRC-32C, which the service checks, and checks again
 * when the object is completed. What fits into one part is sent by one request.
 */
final class S3Upload implements Upload {
    /** Parts in memory at a time. */
    static final int BUFFERS = 3;
    /** S3 takes at least 5 MiB a part but for the last one, and at most 10,000 parts. */
    static final int SMALLEST_PART = 8 << 20;
    private static final int EXPECTED_PARTS = 5_000;
    private static final int LARGEST_PART = 1 << 30;

    private static final Logger LOG = LoggerFactory.getLogger(S3Upload.class);

    private final S3ObjectStorage storage;
    private final String key;
    private final int partSize;
    private final ArrayDeque<byte[]> free = new ArrayDeque<>();
    private final ArrayDeque<Future<Sent>> sending = new ArrayDeque<>();
    private final List<CompletedPart> parts = new ArrayList<>();
    private int allocated;
    private byte[] filling;
    private int filled;
    private int numbered;
    private long length;
    private String id;
    private boolean ended;

    S3Upload(S3ObjectStorage storage, String key, long expected) {
        this.storage = storage;
        this.key = key;
        this.partSize = partSize(expected);
    }

    /** Parts of a size with which an object of twice the expected length fits into 10,000 of them. */
    static int partSize(long expected) {
        return (int) Math.clamp(expected / EXPECTED_PARTS + 1, SMALLEST_PART, LARGEST_PART);
    }

    /** A part that has arrived, and its memory. */
    private record Sent(CompletedPart part, byte[] buffer) {
    }

    @Override
    public void write(MemorySegment block) {
        long position = 0;
        while (position < block.byteSize()) {
            if (filling != null && filled == filling.length) {
                send();
            }
            if (filling == null) {
                filling = buffer();
                filled = 0;
            }
            int count = (int) Math.min(filling.length - filled, block.byteSize() - position);
            MemorySegment.copy(block, ValueLayout.JAVA_BYTE, position, filling, filled, count);
            filled += count;
            position += count;
            length += count;
        }
    }

    @Override
    public long length() {
        return length;
    }

    /** Memory for the next part: new while there is little, then that of the part that was sent first. */
    private byte[] buffer() {
        if (free.isEmpty() && allocated < BUFFERS) {
            allocated++;
            return new byte[partSize];
        }
        if (free.isEmpty()) {
            arrived(sending.remove());
        }
        return free.remove();
    }

    private void arrived(Future<Sent> future) {
        try {
            Sent sent = future.get();
            parts.add(sent.part());
            free.add(sent.buffer());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AmalgamException(ErrorCode.CANCELLED, "Sending " + storage.address(key) + " was interrupted.", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof AmalgamException failure ? failure
                    : S3Failures.of("send a part of " + storage.address(key), new IllegalStateException(e.getCause()));
        }
    }

    private void send() {
        if (id == null) {
            id = S3Failures.translating("begin " + storage.address(key), () -> storage.client().createMultipartUpload(request -> request
                    .bucket(storage.bucket()).key(key).checksumAlgorithm(ChecksumAlgorithm.CRC32_C)).uploadId());
        }
        byte[] content = filling;
        int size = filled;
        int number = ++numbered;
        filling = null;
        filled = 0;
        Callable<Sent> sending = () -> new Sent(sendPart(content, size, number), content);
        FutureTask<Sent> task = new FutureTask<>(sending);
        this.sending.add(task);
        Thread.ofVirtual().name("upload-part-" + number).start(task);
    }

    private CompletedPart sendPart(byte[] content, int size, int number) {
        String checksum = S3ObjectStorage.checksum(content, size);
        String tag = S3Failures.translating("send part " + number + " of " + storage.address(key), () -> storage.client().uploadPart(
                request -> request.bucket(storage.bucket()).key(key).uploadId(id).partNumber(number)
                        .contentLength((long) size).checksumCRC32C(checksum),
                body(content, size)).eTag());
        return CompletedPart.builder().partNumber(number).eTag(tag).checksumCRC32C(checksum).build();
    }

    private static RequestBody body(byte[] content, int size) {
        return RequestBody.fromContentProvider(() -> new ByteArrayInputStream(content, 0, size), size, "application/octet-stream");
    }

    @Override
    public void complete() {
        if (ended) {
            throw new IllegalStateException(key + " was completed or abandoned already");
        }
        if (id == null) {
            byte[] content = filling == null ? new byte[0] : filling;
            S3Failures.translating("write " + storage.address(key), () -> storage.client().putObject(
                    request -> request.bucket(storage.bucket()).key(key).contentLength((long) filled)
                            .checksumCRC32C(S3ObjectStorage.checksum(content, filled)),
                    body(content, filled)));
        } else {
            if (filled > 0) {
                send();
            }
            while (!sending.isEmpty()) {
                arrived(sending.remove());
            }
            S3Failures.translating("complete " + storage.address(key), () -> storage.client().completeMultipartUpload(
                    request -> request.bucket(storage.bucket()).key(key).uploadId(id)
                            .multipartUpload(upload -> upload.parts(parts))));
        }
        ended = true;
        release();
    }

    @Override
    public void abandon() {
        if (ended) {
            return;
        }
        ended = true;
        // A part that arrives after the upload was abandoned would stay for ever.
        for (Future<Sent> part : sending) {
            try {
                part.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            } catch (ExecutionException e) {
                LOG.debug("a part of {} that is abandoned was not sent either", key, e.getCause());
            }
        }
        release();
        if (id != null) {
            storage.abandon(new UnfinishedUpload(key, id, Instant.EPOCH));
        }
    }

    private void release() {
        sending.clear();
        free.clear();
        filling = null;
    }
}
