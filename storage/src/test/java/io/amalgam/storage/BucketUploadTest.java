package io.amalgam.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.FileRangeReader;
import io.amalgam.engine.source.UploadFile;
import io.amalgam.engine.store.MemoryObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is pushed to a bucket is what lies here, its manifest last; an attempt that broke off is continued. */
class BucketUploadTest {
    @TempDir
    Path folder;
    private final MemoryObjects bucket = new MemoryObjects();
    private final List<String> sent = new ArrayList<>();

    @BeforeEach
    void model() throws IOException {
        Files.writeString(folder.resolve("amalgam.json"), "{}");
        Files.writeString(folder.resolve("config.json"), "{\"a\": 1}");
        Files.write(folder.resolve("model.safetensors"), new byte[50_000]);
    }

    private List<UploadFile> files() throws Exception {
        List<UploadFile> files = new ArrayList<>();
        for (String name : List.of("amalgam.json", "config.json", "model.safetensors")) {
            Path path = folder.resolve(name);
            String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path)));
            files.add(new UploadFile(name, Files.size(path), digest, FileRangeReader.open(path)));
        }
        return files;
    }

    private BucketUpload upload() {
        return new BucketUpload(bucket, "models/a/", (file, bytes) -> sent.add(file));
    }

    @Test
    void allFilesArriveAndTheManifestLast() throws Exception {
        upload().send(files());
        assertEquals(List.of("models/a/amalgam.json", "models/a/config.json", "models/a/model.safetensors"), bucket.keys());
        assertEquals("amalgam.json", sent.getLast());
        for (UploadFile file : files()) {
            assertArrayEquals(Files.readAllBytes(folder.resolve(file.name())), bucket.get("models/a/" + file.name(), 1 << 20).orElseThrow());
        }
        upload().send(files());
    }

    @Test
    void anAttemptThatBrokeOffAtAnyRequestIsContinued() throws Exception {
        MemoryObjects sound = new MemoryObjects();
        new BucketUpload(sound, "models/a/", (file, bytes) -> { }).send(files());
        for (int step = 0; step < sound.requests(); step++) {
            MemoryObjects failing = new MemoryObjects();
            BucketUpload each = new BucketUpload(failing, "models/a/", (file, bytes) -> { });
            failing.failAfter(step);
            assertThrows(AmalgamException.class, () -> each.send(files()), "request " + step);
            failing.failAfter(-1);
            each.send(files());
            assertEquals(sound.keys(), failing.keys(), "after a failure at request " + step);
        }
    }

    @Test
    void whatArrivedBeforeIsNotSentAgain() throws Exception {
        Files.write(folder.resolve("model.safetensors"), new byte[] {1});
        List<UploadFile> before = files();
        Files.write(folder.resolve("model.safetensors"), new byte[] {2});
        assertEquals(ErrorCode.DIGEST_MISMATCH, assertThrows(AmalgamException.class, () -> upload().send(before)).code());
        int requests = bucket.requests();
        upload().send(files());
        // Config was there: it is looked for and not written.
        assertEquals(1, bucket.keys().stream().filter(key -> key.endsWith("config.json")).count());
        assertEquals(1, bucket.find("models/a/config.json").stream().filter(object -> object.tag().equals("tag-2")).count(),
                "after " + requests + " requests");
    }

    @Test
    void anotherArtifactIsNotWrittenOver() throws Exception {
        bucket.put("models/a/amalgam.json", "another".getBytes());
        assertEquals(ErrorCode.OUTPUT_NOT_EMPTY, assertThrows(AmalgamException.class, () -> upload().send(files())).code());
        assertEquals(1, bucket.keys().size());
    }
}
