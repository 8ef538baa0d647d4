package io.amalgam.storage.s3;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSnapshot;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.engine.source.PlannedModel;
import io.amalgam.engine.source.RangeReader;
import io.amalgam.engine.store.ObjectModelSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in a bucket: what was there when they were resolved is what is read, or nothing. */
class S3ModelSourceTest {
    private static final String MODEL = "s3://" + S3Server.BUCKET + "/parents/a";

    @TempDir
    static Path folder;
    private static S3Server server;
    private final S3ObjectStorage bucket = server.service().bucket(S3Server.BUCKET);
    private final ModelSources sources = new ModelSources(
            new LocalModelSource(folder, false), null, Map.of(ObjectModelSource.KIND, new ObjectModelSource(server.service()::bucket)));
    private final byte[] weights = new byte[100_000];

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

    @BeforeEach
    void upload() {
        new Random(1).nextBytes(weights);
        bucket.put("parents/a/config.json", "{}".getBytes(StandardCharsets.UTF_8));
        bucket.put("parents/a/model.safetensors", weights);
        bucket.put("parents/a/README.md", "first".getBytes(StandardCharsets.UTF_8));
        bucket.put("parents/a/original/params.json", "{}".getBytes(StandardCharsets.UTF_8));
        bucket.put("parents/ab/config.json", "{}".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void theObjectsUnderAPrefixAreAModel() throws IOException {
        ModelSnapshot snapshot = sources.resolve(MODEL, null);
        assertEquals(List.of("README.md", "config.json", "model.safetensors"),
                snapshot.files().stream().map(ModelSnapshot.ModelFile::name).toList());
        byte[] part = new byte[3000];
        try (RangeReader reader = snapshot.open("model.safetensors")) {
            reader.read(1000, MemorySegment.ofArray(part));
        }
        assertArrayEquals(Arrays.copyOfRange(weights, 1000, 4000), part);
        assertEquals("{}", new String(snapshot.readSmall("config.json", 10), StandardCharsets.UTF_8));
        assertEquals(snapshot.identity(), sources.resolve(MODEL + "/", null).identity());
        snapshot.verifyUnchanged();
    }

    @Test
    void whatAMergeReadsDecidesTheIdentityAndADescriptionDoesNot() throws IOException {
        ModelSnapshot before = sources.resolve(MODEL, null);
        PlannedModel planned = new PlannedModel(MODEL, null, before.identity());
        bucket.put("parents/a/README.md", "second".getBytes(StandardCharsets.UTF_8));
        assertEquals(before.identity(), sources.open(planned).identity());

        weights[5]++;
        bucket.put("parents/a/model.safetensors", weights);
        assertNotEquals(before.identity(), sources.resolve(MODEL, null).identity());
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, () -> sources.open(planned)).code());
        assertEquals(ErrorCode.MODEL_CHANGED, assertThrows(AmalgamException.class, before::verifyUnchanged).code());
        AmalgamException changed = assertThrows(AmalgamException.class, () -> {
            try (RangeReader reader = before.open("model.safetensors")) {
                reader.read(0, MemorySegment.ofArray(new byte[10]));
            }
        });
        assertEquals(ErrorCode.MODEL_CHANGED, changed.code());
    }

    @Test
    void whatIsNotThereIsNamed() {
        AmalgamException missing = assertThrows(AmalgamException.class, () -> sources.resolve("s3://models/parents/none", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, missing.code());
        assertTrue(missing.getMessage().contains("parents/none/"), missing.getMessage());
        assertEquals(ErrorCode.SOURCE_UNAVAILABLE,
                assertThrows(AmalgamException.class, () -> sources.resolve("s3://no-such-bucket/a", null)).code());
        assertEquals(ErrorCode.MODEL_REFERENCE_INVALID,
                assertThrows(AmalgamException.class, () -> sources.resolve(MODEL, "main")).code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3://", "s3://B/x", "s3://bucket/../x", "s3://bucket//x", "s3://bucket/a b", "s3://bucket/./x", "s3://user@bucket/x",
        "s3://bucket/x?versionId=1", "s3://bu..cket/x", "file:///etc", "http://127.0.0.1/x"})
    void otherTextsAreNoAddresses(String reference) {
        assertEquals(ErrorCode.MODEL_REFERENCE_INVALID,
                assertThrows(AmalgamException.class, () -> sources.resolve(reference, null)).code());
    }
}
