package io.amalgam.engine.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.checkpoint.ModelFolders;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.source.HubServer.Fault;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes from the Hub are the ones that were asked for, whatever the network does, and tokens stay with the Hub. */
class HubModelSourceTest {
    private static final String TOKEN = "hf_secret";

    @TempDir
    Path folder;
    private HubServer server;
    private final byte[] weights = new byte[100_000];

    @BeforeEach
    void start() throws IOException {
        new Random(1).nextBytes(weights);
        server = new HubServer();
        server.files.put("config.json", "{}".getBytes());
        server.files.put("weights.bin", weights);
        server.files.put("original/params.json", "{}".getBytes());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HubOptions options(URI endpoint, boolean offline) {
        return new HubOptions(endpoint, folder.resolve("hub"), TOKEN, offline, 3, Duration.ofMillis(10), Duration.ofMillis(400));
    }

    private HubModelSource hub() {
        return new HubModelSource(options(server.address(), false));
    }

    private static byte[] read(ModelSnapshot snapshot, String file, long position, int length) throws IOException {
        byte[] content = new byte[length];
        try (RangeReader reader = snapshot.open(file)) {
            reader.read(position, MemorySegment.ofArray(content));
        }
        return content;
    }

    @Test
    void aBranchBecomesACommitAndRangesAreReadFromThere() throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        assertEquals("hf:owner/name@" + HubServer.COMMIT, snapshot.identity());
        assertEquals(List.of("config.json", "weights.bin"), snapshot.files().stream().map(ModelSnapshot.ModelFile::name).toList());
        assertArrayEquals(Arrays.copyOfRange(weights, 1000, 4000), read(snapshot, "weights.bin", 1000, 3000));
        assertEquals("GET /owner/name/resolve/" + HubServer.COMMIT + "/weights.bin bytes=1000-3999", server.requests.getLast());
        assertEquals("{}", new String(snapshot.readSmall("config.json", 100)));
        assertThrows(IOException.class, () -> snapshot.readSmall("weights.bin", 100));
        assertThrows(IOException.class, () -> read(snapshot, "weights.bin", 99_999, 2));
        assertThrows(IOException.class, () -> snapshot.open("original/params.json"));
    }

    @Test
    void aModelOnTheHubIsAModel() throws IOException {
        Path model = folder.resolve("model.safetensors");
        ModelFolders.safetensors(model, "a", "b");
        server.files.put("model.safetensors", Files.readAllBytes(model));
        Checkpoint checkpoint = Checkpoint.open(hub().resolve("owner/name", "v1.0"));
        assertEquals(Set.of("a", "b"), Set.copyOf(checkpoint.names()));
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, names = {"RESET_HALFWAY", "TRUNCATED", "WRONG_RANGE", "WRONG_TOTAL", "IGNORES_RANGE", "STALLS", "TOO_MANY_REQUESTS", "SERVER_ERROR"})
    void aFaultIsOvercome(Fault fault) throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        server.faults.add(fault);
        assertArrayEquals(Arrays.copyOfRange(weights, 10, 50_010), read(snapshot, "weights.bin", 10, 50_000));
    }

    @Test
    void whatArrivedIsNotAskedForAgain() throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        server.faults.addAll(List.of(Fault.RESET_HALFWAY, Fault.TRUNCATED, Fault.RESET_HALFWAY, Fault.RESET_HALFWAY, Fault.TRUNCATED));
        assertArrayEquals(weights, read(snapshot, "weights.bin", 0, weights.length));
        List<String> ranges = server.requests.stream().filter(request -> request.contains("weights.bin")).toList();
        assertEquals(6, ranges.size(), "progress keeps attempts going beyond their number");
        assertTrue(ranges.get(1).endsWith("bytes=50000-99999"), ranges.toString());
    }

    @ParameterizedTest
    @EnumSource(value = Fault.class, names = {"WRONG_RANGE", "IGNORES_RANGE", "SERVER_ERROR"})
    void aFaultThatStaysIsNamed(Fault fault) throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        server.faults.addAll(List.of(fault, fault, fault));
        AmalgamException failure = assertThrows(AmalgamException.class, () -> read(snapshot, "weights.bin", 10, 10));
        assertEquals(ErrorCode.SOURCE_UNAVAILABLE, failure.code());
        assertTrue(failure.getMessage().contains("weights.bin"), failure.getMessage());
    }

    @Test
    void theTokenGoesToTheHubAndNotToItsStorage() throws IOException {
        try (HubServer storage = new HubServer()) {
            storage.files.putAll(server.files);
            server.requiredToken = TOKEN;
            server.redirectTo = storage.address() + "/";
            ModelSnapshot snapshot = hub().resolve("owner/name", null);
            assertArrayEquals(Arrays.copyOf(weights, 10), read(snapshot, "weights.bin", 0, 10));
            assertEquals(Set.of("Bearer " + TOKEN), Set.copyOf(server.tokens));
            assertEquals(Set.of("null"), Set.copyOf(storage.tokens));
        }
    }

    @Test
    void anExpiredStorageAddressIsRenewed() throws IOException {
        try (HubServer storage = new HubServer()) {
            storage.files.putAll(server.files);
            server.redirectTo = storage.address() + "/";
            ModelSnapshot snapshot = hub().resolve("owner/name", null);
            try (RangeReader reader = snapshot.open("weights.bin")) {
                byte[] content = new byte[10];
                reader.read(0, MemorySegment.ofArray(content));
                reader.read(10, MemorySegment.ofArray(content));
                assertEquals(1, server.requests.stream().filter(request -> request.contains("weights.bin")).count(), "the address is remembered");
                storage.faults.add(Fault.EXPIRED);
                reader.read(20, MemorySegment.ofArray(content));
                assertArrayEquals(Arrays.copyOfRange(weights, 20, 30), content);
                assertEquals(2, server.requests.stream().filter(request -> request.contains("weights.bin")).count());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://127.0.0.1/x", "http://user:password@127.0.0.1/x", "//", "http:///x", "::",
        "https://169.254.169.254/latest/meta-data", "http://169.254.169.254/", "https://127.0.0.2/", "https://[::1]/",
        "http://2130706433/", "https://10.0.0.1/", "https://[::ffff:169.254.169.254]/"})
    void aRedirectToSomethingElseIsNotFollowed(String target) throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        server.redirectTo = target;
        ErrorCode code = assertThrows(AmalgamException.class, () -> read(snapshot, "weights.bin", 0, 1)).code();
        assertTrue(code == ErrorCode.ADDRESS_REFUSED || code == ErrorCode.SOURCE_UNAVAILABLE, code.name());
    }

    @Test
    void aLoopOfRedirectsEnds() throws IOException {
        ModelSnapshot snapshot = hub().resolve("owner/name", null);
        server.redirectTo = server.address() + "/";
        assertTrue(assertThrows(AmalgamException.class, () -> read(snapshot, "weights.bin", 0, 1)).getMessage().contains("redirected more than"));
    }

    @Test
    void whatDoesNotExistOrIsClosedIsNamed() {
        AmalgamException missing = assertThrows(AmalgamException.class, () -> hub().resolve("owner/other", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, missing.code());
        server.requiredToken = "another";
        AmalgamException closed = assertThrows(AmalgamException.class, () -> hub().resolve("owner/name", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, closed.code());
        assertTrue(closed.getMessage().contains("HF_TOKEN"), closed.getMessage());
        assertFalse(closed.getMessage().contains(TOKEN));
    }

    @Test
    void lengthsThatTheDescriptionLacksAreAskedFor() throws IOException {
        server.sizesAreTold = false;
        assertEquals(100_000, hub().resolve("owner/name", null).files().getLast().length());
    }

    @Test
    void theSharedCacheIsReadAndWorksAlone() throws IOException {
        Path repository = folder.resolve("hub/models--owner--name");
        Path snapshot = repository.resolve("snapshots").resolve(HubServer.COMMIT);
        Files.createDirectories(snapshot);
        Files.createDirectories(repository.resolve("refs"));
        Files.createDirectories(repository.resolve("blobs"));
        Files.writeString(repository.resolve("refs/main"), HubServer.COMMIT);
        Files.write(repository.resolve("blobs/e7ag"), weights);
        Files.createSymbolicLink(snapshot.resolve("weights.bin"), Path.of("../../blobs/e7ag"));
        Files.writeString(snapshot.resolve("config.json"), "{");

        ModelSnapshot online = hub().resolve("owner/name", null);
        assertArrayEquals(weights, read(online, "weights.bin", 0, weights.length));
        assertTrue(server.requests.stream().noneMatch(request -> request.contains("weights.bin")), "what is cached is not asked for");
        assertEquals("{}", new String(online.readSmall("config.json", 10)), "a file of another length is");

        ModelSnapshot offline = new HubModelSource(options(server.address(), true)).resolve("owner/name", null);
        assertEquals(online.identity(), offline.identity());
        assertEquals(2, offline.files().size());
        server.close();
        assertEquals(online.identity(), hub().resolve("owner/name", "main").identity(), "the cache stands in for a Hub that is down");
    }

    @Test
    void aHubThatIsNotThereSaysWhatToDo() throws IOException {
        server.close();
        HubModelSource hub = hub();
        ModelSources sources = new ModelSources(new LocalModelSource(folder, true), hub);
        for (String model : List.of("owner/name", "Sao10K/L3-8B-Stheno-v3.2")) {
            AmalgamException failure = assertThrows(AmalgamException.class, () -> sources.resolve(model, null));
            assertEquals(ErrorCode.SOURCE_UNAVAILABLE, failure.code());
            assertTrue(failure.getMessage().contains("hf download " + model + " "), failure.getMessage());
            assertEquals(1, failure.getMessage().lines().count());
        }
        AmalgamException offline = assertThrows(AmalgamException.class,
                () -> new HubModelSource(options(server.address(), true)).resolve("owner/name", null));
        assertEquals(ErrorCode.MODEL_NOT_FOUND, offline.code());
    }

    @Test
    void aPlannedCommitIsOpenedThoughItsBranchMovedOn() throws IOException {
        ModelSources sources = new ModelSources(new LocalModelSource(folder, true), hub());
        String identity = sources.resolve("owner/name", null).identity();
        server.requests.clear();
        assertEquals(identity, sources.open(new PlannedModel("owner/name", null, identity)).identity());
        assertTrue(server.requests.getFirst().contains("/revision/" + HubServer.COMMIT), server.requests.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"owner", "owner/name/x", "../name", "owner/..", "owner/na me", "owner/name?x=y", "owner/n%2e", "own--er/name", "o/n#f", "", "s3://bucket/x"})
    void otherTextsAreNoNames(String name) {
        assertEquals(ErrorCode.MODEL_REFERENCE_INVALID, assertThrows(AmalgamException.class, () -> hub().resolve(name, null)).code());
        assertTrue(server.requests.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../main", "a..b", "main?x", "-x", "a b", "a\n"})
    void otherTextsAreNoRevisions(String revision) {
        assertEquals(ErrorCode.MODEL_REFERENCE_INVALID, assertThrows(AmalgamException.class, () -> hub().resolve("owner/name", revision)).code());
        assertTrue(server.requests.isEmpty());
    }

    @Test
    void settingsAreThoseOfThePythonLibrary() throws IOException {
        Path home = Files.createDirectories(folder.resolve("home/.cache/huggingface")).getParent().getParent();
        Files.writeString(home.resolve(".cache/huggingface/token"), "from-file\n");
        HubOptions defaults = HubOptions.fromEnvironment(Map.of(), home);
        assertEquals(home.resolve(".cache/huggingface/hub"), defaults.cache());
        assertEquals("from-file", defaults.token());
        assertFalse(defaults.toString().contains("from-file"));

        HubOptions set = HubOptions.fromEnvironment(
                Map.of("HF_ENDPOINT", "http://mirror:8080/hub/", "HF_HOME", "/x", "HF_TOKEN", "t", "HF_HUB_OFFLINE", "1"), home);
        assertEquals(URI.create("http://mirror:8080/hub"), set.endpoint());
        assertEquals(Path.of("/x/hub"), set.cache());
        assertEquals("t", set.token());
        assertTrue(set.offline());
        for (String wrong : List.of("ftp://x", "mirror", "http://u:p@x", "http://")) {
            assertThrows(AmalgamException.class, () -> HubOptions.fromEnvironment(Map.of("HF_ENDPOINT", wrong), home));
        }
    }
}
