package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.plan.ChunkPlan;
import io.amalgam.engine.source.RangeReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every artifact store does, whatever it is made of. */
public abstract class ArtifactStoreContract {
    private static final Duration DAY = Duration.ofDays(1);

    /** The store under test. */
    protected ArtifactStore store;
    /** A merge of three chunks, artifact {@code artifact-1}. */
    protected final SmallMerge merge = new SmallMerge("artifact-1", 3);

    /** Opens an empty store. */
    protected abstract ArtifactStore openStore() throws IOException;

    /** Lets all that is in the store look as if it had been written so long ago. */
    protected abstract void age(Duration age) throws IOException;

    @BeforeEach
    void open() throws IOException {
        store = openStore();
    }

    /** A file of an artifact. */
    protected byte[] read(String artifact, String file) throws IOException {
        try (RangeReader reader = store.openArtifactFile(artifact, file)) {
            byte[] content = new byte[(int) reader.length()];
            reader.read(0, MemorySegment.ofArray(content));
            return content;
        }
    }

    @Test
    void anArtifactIsWhatItsPlanSays() throws IOException {
        merge.writeAll(store);
        assertTrue(store.manifest("artifact-1").isEmpty());
        assertEquals(ErrorCode.NOT_FOUND, assertThrows(AmalgamException.class, () -> store.openArtifact("artifact-1")).code());
        Manifest manifest = store.assemble(merge.plan, merge.pinned);

        assertEquals(manifest, store.manifest("artifact-1").orElseThrow());
        Checkpoint checkpoint = Checkpoint.open(store.openArtifact("artifact-1"));
        assertEquals(List.of("layer.0.weight", "layer.1.weight", "layer.2.weight"), List.copyOf(checkpoint.names()));
        for (ChunkPlan chunk : merge.plan.chunks()) {
            assertArrayEquals(SmallMerge.bytes(chunk), read("artifact-1", chunk.file()));
            assertEquals(manifest.shards().get(chunk.index()), store.receipt("artifact-1", chunk).orElseThrow());
        }
        assertEquals(ErrorCode.NOT_FOUND,
                assertThrows(AmalgamException.class, () -> store.openArtifactFile("artifact-1", "missing")).code());
        assertEquals(ErrorCode.NOT_FOUND,
                assertThrows(AmalgamException.class, () -> store.openArtifactFile("artifact-1", ArtifactSigner.FILE)).code());
        store.openArtifactFile("artifact-1", Manifest.FILE).close();
    }

    @Test
    void aChunkIsDoneWhenItIsCommittedAndNotBefore() throws IOException {
        ChunkPlan chunk = merge.chunk(0);
        try (ShardWriter writer = store.openShard("artifact-1", chunk)) {
            writer.write(MemorySegment.ofArray(SmallMerge.bytes(chunk)));
            assertTrue(store.receipt("artifact-1", chunk).isEmpty());
        }
        assertTrue(store.receipt("artifact-1", chunk).isEmpty());
        ChunkReceipt receipt = SmallMerge.write(store.openShard("artifact-1", chunk), chunk);
        assertEquals(receipt, store.receipt("artifact-1", chunk).orElseThrow());
        ChunkPlan other = new ChunkPlan(0, 3, chunk.file(), "another key", 1, chunk.tensors());
        assertTrue(store.receipt("artifact-1", other).isEmpty());
    }

    @Test
    void aShardOfAChunkWithTheSameKeyIsTaken() throws IOException {
        SmallMerge again = new SmallMerge("artifact-2", 3);
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isEmpty());
        merge.writeAll(store);
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isPresent(), "from an unfinished merge");
        store.assemble(merge.plan, merge.pinned);
        for (ChunkPlan chunk : again.plan.chunks()) {
            ChunkReceipt receipt = store.reuse("artifact-2", chunk).orElseThrow();
            assertEquals(receipt, store.receipt("artifact-2", chunk).orElseThrow());
        }
        store.assemble(again.plan, again.pinned);
        assertTrue(store.deleteArtifact("artifact-1"));
        assertArrayEquals(SmallMerge.bytes(again.chunk(1)), read("artifact-2", again.chunk(1).file()));
        assertTrue(store.reuse("artifact-3", again.chunk(2)).isEmpty(), "a shard that was deleted is computed again");
    }

    @Test
    void aDeletedArtifactDoesNotExistAndCanBeMadeAgain() throws IOException {
        assertFalse(store.deleteArtifact("artifact-1"));
        merge.writeAll(store);
        Manifest manifest = store.assemble(merge.plan, merge.pinned);
        assertTrue(store.deleteArtifact("artifact-1"));
        assertTrue(store.manifest("artifact-1").isEmpty());
        assertEquals(ErrorCode.NOT_FOUND,
                assertThrows(AmalgamException.class, () -> store.openArtifactFile("artifact-1", "config.json")).code());
        for (ChunkPlan chunk : merge.plan.chunks()) {
            assertTrue(store.receipt("artifact-1", chunk).isEmpty());
        }
        assertFalse(store.deleteArtifact("artifact-1"));
        merge.writeAll(store);
        assertEquals(manifest, store.assemble(merge.plan, merge.pinned));
    }

    @Test
    void whatAnUnfinishedMergeHasCanBeDiscarded() throws IOException {
        merge.writeAll(store);
        store.discardStaging("artifact-1");
        assertTrue(store.receipt("artifact-1", merge.chunk(0)).isEmpty());
        merge.writeAll(store);
        Manifest manifest = store.assemble(merge.plan, merge.pinned);
        store.discardStaging("artifact-1");
        assertEquals(manifest, store.manifest("artifact-1").orElseThrow());
        assertArrayEquals(SmallMerge.bytes(merge.chunk(2)), read("artifact-1", merge.chunk(2).file()));
    }

    @Test
    void onlyWhatIsOldAndOfNoOpenMergeIsSwept() throws IOException {
        SmallMerge finished = new SmallMerge("finished", 2);
        finished.writeAll(store);
        Manifest manifest = store.assemble(finished.plan, finished.pinned);
        SmallMerge open = new SmallMerge("open", 2);
        open.writeAll(store);
        merge.writeAll(store);
        store.put("pinned/artifact-1.json", new byte[] {1});

        assertEquals(new SweepResult(0, 0, 0), store.sweep(DAY, "open"::equals), "all of it is young");
        age(DAY.multipliedBy(2));
        SweepResult swept = store.sweep(DAY, "open"::equals);
        assertEquals(6, swept.files(), "three shards and their receipts: " + swept);
        assertTrue(store.receipt("artifact-1", merge.chunk(0)).isEmpty());
        assertTrue(store.receipt("open", open.chunk(0)).isPresent());
        assertEquals(manifest, store.manifest("finished").orElseThrow());
        assertArrayEquals(SmallMerge.bytes(finished.chunk(1)), read("finished", finished.chunk(1).file()));
        assertTrue(store.get("pinned/artifact-1.json", 10).isPresent());
        assertEquals(new SweepResult(0, 0, 0), store.sweep(DAY, "open"::equals));
    }

    @Test
    void aShardOfAnotherLengthThanComputedIsRefused() throws IOException {
        ChunkPlan chunk = merge.chunk(0);
        try (ShardWriter writer = store.openShard("artifact-1", chunk)) {
            writer.write(MemorySegment.ofArray(new byte[10]));
            ExecutionResult result = SmallMerge.result(chunk);
            assertEquals(ErrorCode.DIGEST_MISMATCH, assertThrows(AmalgamException.class, () -> writer.commit(result)).code());
        }
        assertTrue(store.receipt("artifact-1", chunk).isEmpty());
    }

    @Test
    void anIncompleteMergeIsNotAssembled() throws IOException {
        SmallMerge.write(store.openShard("artifact-1", merge.chunk(0)), merge.chunk(0));
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> store.assemble(merge.plan, merge.pinned));
        assertEquals(ErrorCode.DIGEST_MISMATCH, refusal.code());
        assertTrue(refusal.getMessage().contains("model-00002-of-00003.safetensors"));
        assertTrue(store.manifest("artifact-1").isEmpty());
    }

    @Test
    void assemblersAtOnceAllReturnTheSameManifest() throws Exception {
        for (int round = 0; round < 20; round++) {
            SmallMerge each = new SmallMerge("round-" + round, 3);
            each.writeAll(store);
            List<Manifest> manifests = new ArrayList<>();
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                Callable<Manifest> assemble = () -> store.assemble(each.plan, each.pinned);
                for (Future<Manifest> future : threads.invokeAll(List.of(assemble, assemble, assemble, assemble))) {
                    manifests.add(future.get());
                }
            }
            assertEquals(1, manifests.stream().distinct().count());
            assertEquals(manifests.getFirst(), store.manifest("round-" + round).orElseThrow());
        }
    }

    @Test
    void aWorkerThatIsLateFindsTheFinishedArtifact() throws IOException {
        ChunkPlan chunk = merge.chunk(1);
        ShardWriter late = store.openShard("artifact-1", chunk);
        late.write(MemorySegment.ofArray(SmallMerge.bytes(chunk)));
        merge.writeAll(store);
        Manifest manifest = store.assemble(merge.plan, merge.pinned);
        assertEquals(manifest.shards().get(1), late.commit(SmallMerge.result(chunk)));
        assertEquals(manifest.shards().get(1), store.receipt("artifact-1", chunk).orElseThrow());
        assertEquals(manifest, store.assemble(merge.plan, merge.pinned));
    }

    @Test
    void smallDocumentsAreReplacedWholeAndWrittenOnce() {
        assertTrue(store.get("pinned/a.json", 100).isEmpty());
        assertTrue(store.putIfAbsent("pinned/a.json", new byte[] {1}));
        assertFalse(store.putIfAbsent("pinned/a.json", new byte[] {2}));
        assertArrayEquals(new byte[] {1}, store.get("pinned/a.json", 100).orElseThrow());
        store.put("pinned/a.json", new byte[] {3, 4});
        assertArrayEquals(new byte[] {3, 4}, store.get("pinned/a.json", 100).orElseThrow());
        assertThrows(AmalgamException.class, () -> store.get("pinned/a.json", 1));
        store.delete("pinned/a.json");
        store.delete("pinned/a.json");
        assertTrue(store.get("pinned/a.json", 100).isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "/etc/x", "pinned/../../x", "pinned//x", "", "pinned/.staging", "a\\b", "a/\0", "pinned/é", "."})
    void locationsStayInTheStore(String location) {
        assertEquals(ErrorCode.NOT_FOUND, assertThrows(AmalgamException.class, () -> store.put(location, new byte[1])).code());
        assertEquals(ErrorCode.NOT_FOUND, assertThrows(AmalgamException.class, () -> store.get(location, 1)).code());
        assertEquals(ErrorCode.NOT_FOUND, assertThrows(AmalgamException.class, () -> store.openArtifact(location)).code());
    }
}
