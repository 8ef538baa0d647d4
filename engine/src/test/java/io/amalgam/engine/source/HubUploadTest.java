package io.amalgam.engine.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model that is sent to the Hub is there whole after its commit, and not before; what was sent is not sent again. */
class HubUploadTest {
    private final byte[] weights = new byte[35_000];
    private final byte[] config = "{\"model_type\": \"llama\"}".getBytes();
    private HubUploadServer server;

    @BeforeEach
    void start() throws IOException {
        new Random(2).nextBytes(weights);
        server = new HubUploadServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private record Content(byte[] bytes) implements RangeReader {
        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public void read(long position, MemorySegment destination) throws IOException {
            if (destination.byteSize() > bytes.length - position) {
                throw new EOFException("it ends before that");
            }
            MemorySegment.copy(MemorySegment.ofArray(bytes), position, destination, 0, destination.byteSize());
        }

        @Override
        public void close() {
        }
    }

    private static UploadFile file(String name, byte[] content) {
        return new UploadFile(name, content.length, HubUploadServer.sha256(content), new Content(content));
    }

    private List<UploadFile> files() {
        // Two files of the same content are one object.
        return List.of(file("config.json", config), file("model-1.safetensors", weights), file("model-2.safetensors", weights));
    }

    private HubUpload upload(String token) {
        return new HubUpload(new HubOptions(server.address(), Path.of("none"), token, false, 4, Duration.ofMillis(5), Duration.ofSeconds(5)),
                (name, bytes) -> { });
    }

    private String send(Boolean privately) throws IOException {
        return upload(HubUploadServer.TOKEN).send("owner/name", "main", privately, "a merge", files());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aModelArrivesWhole(boolean inParts) throws IOException {
        server.inParts = inParts;
        assertEquals(HubServer.COMMIT, send(null));
        assertArrayEquals(config, server.committed.get("config.json"));
        assertArrayEquals(weights, server.committed.get("model-1.safetensors"));
        assertArrayEquals(weights, server.committed.get("model-2.safetensors"));
        assertEquals("a merge", server.summary);
        assertNull(server.isPrivate, "what the owner has set decides");
        assertEquals(1, server.stored.size());
        assertTrue(server.requests.getLast().endsWith("/commit/main"), "the commit comes last");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFaultOfStorageIsOvercome(boolean inParts) throws IOException {
        server.inParts = inParts;
        server.faults.set(2);
        send(true);
        assertArrayEquals(weights, server.committed.get("model-1.safetensors"));
        assertEquals(true, server.isPrivate);
    }

    @Test
    void whatIsThereIsNotSentAgain() throws IOException {
        server.faults.set(1_000);
        assertEquals(ErrorCode.SOURCE_UNAVAILABLE, assertThrows(AmalgamException.class, () -> send(null)).code());
        assertTrue(server.committed.isEmpty(), "nothing is visible before the commit");
        server.faults.set(0);
        send(null);
        long puts = server.requests.stream().filter(request -> request.startsWith("PUT")).count();
        send(null);
        assertEquals(puts, server.requests.stream().filter(request -> request.startsWith("PUT")).count());
        assertArrayEquals(weights, server.committed.get("model-1.safetensors"));
    }

    @Test
    void withoutTheRightTokenNothingIsSent() {
        AmalgamException none = assertThrows(AmalgamException.class, () -> upload(null));
        assertEquals(ErrorCode.ARGUMENT_INVALID, none.code());
        assertTrue(none.getMessage().contains("HF_TOKEN"), none.getMessage());
        AmalgamException wrong = assertThrows(AmalgamException.class,
                () -> upload("hf_wrong").send("owner/name", "main", null, "a merge", files()));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, wrong.code());
        assertTrue(!wrong.getMessage().contains("hf_wrong"), wrong.getMessage());
        assertEquals(List.of("POST /api/repos/create"), server.requests);
    }

    @Test
    void whatIsNoNameIsNotSent() {
        assertEquals(ErrorCode.ARGUMENT_INVALID, assertThrows(AmalgamException.class,
                () -> upload(HubUploadServer.TOKEN).send("../name", "main", null, "a merge", files())).code());
    }
}
