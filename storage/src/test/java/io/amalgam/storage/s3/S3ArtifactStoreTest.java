package io.amalgam.storage.s3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.engine.store.ArtifactStoreContract;
import io.amalgam.engine.store.ObjectArtifactStore;
import io.amalgam.engine.store.ObjectStorage.StoredObject;
import io.amalgam.engine.store.ObjectStorage.Upload;
import io.amalgam.engine.store.ShardWriter;
import io.amalgam.engine.store.SmallMerge;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The store's contract over a real S3 server, and what only S3 has: parts, tags, credentials. */
class S3ArtifactStoreTest extends ArtifactStoreContract {
    @TempDir
    static Path folder;
    private static S3Server server;
    private final S3Service service = server.service();
    private final S3ObjectStorage bucket = service.bucket(S3Server.BUCKET);
    private final String prefix = UUID.randomUUID() + "/";

    @BeforeAll
    static void start() throws Exception {
        server = S3Server.start(folder);
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    @Override
    protected ArtifactStore openStore() {
        return new ObjectArtifactStore(bucket, prefix);
    }

    @Override
    protected void age(Duration age) throws IOException {
        server.age(age);
    }

    private byte[] random(int length) {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);
        return content;
    }

    private byte[] read(StoredObject object, long position, int length) throws IOException {
        byte[] content = new byte[length];
        try (RangeReader reader = bucket.open(object)) {
            reader.read(position, MemorySegment.ofArray(content));
        }
        return content;
    }

    @Test
    void anObjectOfManyPartsHoldsWhatWasWritten() throws IOException {
        byte[] content = random(3 * S3Upload.SMALLEST_PART + 12_345);
        Upload upload = bucket.upload(prefix + "large", content.length);
        for (int position = 0; position < content.length; position += 1_000_003) {
            upload.write(MemorySegment.ofArray(content).asSlice(position, Math.min(1_000_003, content.length - position)));
        }
        assertTrue(bucket.find(prefix + "large").isEmpty(), "nothing is visible before it is complete");
        assertEquals(1, bucket.unfinishedUploads(prefix).size());
        upload.complete();
        StoredObject object = bucket.find(prefix + "large").orElseThrow();
        assertEquals(content.length, object.length());
        assertArrayEquals(content, read(object, 0, content.length));
        assertArrayEquals(Arrays.copyOfRange(content, 9_999_999, 10_000_999), read(object, 9_999_999, 1000));
        assertEquals(List.of(), bucket.unfinishedUploads(prefix));

        bucket.copy(object, prefix + "copy");
        assertArrayEquals(content, read(bucket.find(prefix + "copy").orElseThrow(), 0, content.length));
    }

    @Test
    void anAbandonedUploadLeavesNothing() {
        byte[] content = random(2 * S3Upload.SMALLEST_PART + 1);
        Upload upload = bucket.upload(prefix + "never", content.length);
        upload.write(MemorySegment.ofArray(content));
        upload.abandon();
        upload.abandon();
        assertTrue(bucket.find(prefix + "never").isEmpty());
        assertEquals(List.of(), bucket.unfinishedUploads(prefix));
    }

    @Test
    void anUploadOfADeadWorkerIsSweptWhenItIsOld() throws IOException {
        ShardWriter dead = store.openShard("artifact-1", merge.chunk(0));
        dead.write(MemorySegment.ofArray(random(2 * S3Upload.SMALLEST_PART)));
        assertEquals(1, bucket.unfinishedUploads(prefix).size());
        assertEquals(0, store.sweep(Duration.ofDays(1), artifact -> false).uploads());
        age(Duration.ofDays(2));
        assertEquals(0, store.sweep(Duration.ofDays(1), "artifact-1"::equals).uploads());
        assertEquals(1, store.sweep(Duration.ofDays(1), artifact -> false).uploads());
        assertEquals(List.of(), bucket.unfinishedUploads(prefix));
        assertThrows(AmalgamException.class, () -> dead.commit(SmallMerge.result(merge.chunk(0))));
    }

    @Test
    void anObjectThatWasReplacedIsNotReadAsTheOldOne() throws IOException {
        bucket.put(prefix + "weights", random(1000));
        StoredObject before = bucket.find(prefix + "weights").orElseThrow();
        bucket.put(prefix + "weights", random(2000));
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, () -> read(before, 0, 10)).code());
        bucket.delete(prefix + "weights");
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, () -> read(before, 0, 10)).code());
    }

    @Test
    void aWrongSecretIsNamedAndNoCredentialIsTold() {
        try (S3Service wrong = server.service("another-secret")) {
            AmalgamException refusal = assertThrows(AmalgamException.class,
                    () -> wrong.bucket(S3Server.BUCKET).put(prefix + "x", new byte[1]));
            assertEquals(ErrorCode.STORE_UNAVAILABLE, refusal.code());
            assertTrue(refusal.getMessage().contains("SignatureDoesNotMatch"), refusal.getMessage());
            assertFalse(refusal.getMessage().contains("another-secret"), refusal.getMessage());
        }
    }

    @Test
    void aBucketThatIsNotThereIsAFaultAndNotAMissingDocument() {
        assertEquals(ErrorCode.STORE_UNAVAILABLE,
                assertThrows(AmalgamException.class, () -> service.bucket("no-such-bucket").get("x", 10)).code());
    }

    @Test
    void memoryIsBoundedWhateverTheSizeOfAnObject() {
        assertEquals(S3Upload.SMALLEST_PART, S3Upload.partSize(0));
        assertEquals(S3Upload.SMALLEST_PART, S3Upload.partSize(500_000_000));
        long tensor = 200L << 30;
        assertTrue(tensor / S3Upload.partSize(tensor) < 10_000, "parts are at most 10,000");
    }
}
