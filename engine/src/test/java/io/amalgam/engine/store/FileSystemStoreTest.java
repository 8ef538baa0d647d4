package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.checkpoint.Checkpoint;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An artifact is visible whole or not at all, whatever is killed and repeated. */
class FileSystemStoreTest extends ArtifactStoreContract {
    @TempDir
    Path root;

    @Override
    protected ArtifactStore openStore() {
        return new FileSystemStore(root, false);
    }

    @Override
    protected void age(Duration age) throws IOException {
        Instant then = Instant.now().minus(age);
        try (Stream<Path> tree = Files.walk(root)) {
            for (Path path : tree.toList()) {
                Files.setLastModifiedTime(path, FileTime.from(then));
            }
        }
    }

    private static Map<String, String> tree(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(folder.relativize(file).toString(), new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    private Path artifact() {
        return root.resolve("artifacts/artifact-1");
    }

    private Path staging() {
        return root.resolve(".staging/artifact-1");
    }

    @Test
    void anArtifactIsAModelThatItsManifestDescribes() throws IOException {
        merge.writeAll(store);
        assertTrue(store.manifest("artifact-1").isEmpty());
        Manifest manifest = store.assemble(merge.plan, merge.pinned);

        assertEquals(manifest, store.manifest("artifact-1").orElseThrow());
        assertEquals(List.of("config.json", "model.safetensors.index.json", "tokenizer.json"),
                manifest.files().stream().map(Manifest.FileEntry::name).toList());
        assertEquals(3 * 64, manifest.totalSize());
        Checkpoint checkpoint = Checkpoint.open(store.openArtifact("artifact-1"));
        assertEquals(List.of("layer.0.weight", "layer.1.weight", "layer.2.weight"), List.copyOf(checkpoint.names()));
        assertEquals(7, tree(artifact()).size());
        assertFalse(Files.exists(staging()));
    }

    @Test
    void oneShardHasNoIndex() throws IOException {
        SmallMerge small = new SmallMerge("artifact-2", 1);
        small.writeAll(store);
        store.assemble(small.plan, small.pinned);
        assertFalse(Files.exists(root.resolve("artifacts/artifact-2/model.safetensors.index.json")));
        assertTrue(Files.exists(root.resolve("artifacts/artifact-2/model.safetensors")));
    }

    @Test
    void twoStoresWriteTheSameBytes(@TempDir Path other) throws IOException {
        FileSystemStore second = new FileSystemStore(other, true);
        for (ArtifactStore each : new ArtifactStore[] {store, second}) {
            merge.writeAll(each);
            each.assemble(merge.plan, merge.pinned);
        }
        assertEquals(tree(artifact()), tree(other.resolve("artifacts/artifact-1")));
    }

    @Test
    void aShardIsInvisibleUntilItIsCommitted() throws IOException {
        ChunkPlan chunk = merge.chunk(0);
        try (ShardWriter writer = store.openShard("artifact-1", chunk)) {
            writer.write(MemorySegment.ofArray(SmallMerge.bytes(chunk)));
            assertTrue(store.receipt("artifact-1", chunk).isEmpty());
        }
        assertTrue(store.receipt("artifact-1", chunk).isEmpty());
        assertEquals(List.of(), List.copyOf(tree(staging()).keySet()), "an abandoned shard leaves nothing");

        ChunkReceipt receipt = SmallMerge.write(store.openShard("artifact-1", chunk), chunk);
        assertEquals(receipt, store.receipt("artifact-1", chunk).orElseThrow());
    }

    @Test
    void aReceiptCountsOnlyIfItIsThatChunksAndTheShardIsWhole() throws IOException {
        ChunkPlan chunk = merge.chunk(0);
        SmallMerge.write(store.openShard("artifact-1", chunk), chunk);
        ChunkPlan other = new ChunkPlan(0, 3, chunk.file(), "another key", 1, chunk.tensors());
        assertTrue(store.receipt("artifact-1", other).isEmpty());

        Path shard = staging().resolve("files").resolve(chunk.file());
        byte[] whole = Files.readAllBytes(shard);
        Files.write(shard, new byte[3]);
        assertTrue(store.receipt("artifact-1", chunk).isEmpty(), "a shard cut short is not done");
        Files.delete(shard);
        assertTrue(store.receipt("artifact-1", chunk).isEmpty(), "a shard that is gone is not done");
        Files.write(shard, whole);
        assertTrue(store.receipt("artifact-1", chunk).isPresent());

        Files.writeString(staging().resolve("receipts/chunk-00000.json"), "{\"chunkKey\": \"key0");
        assertTrue(store.receipt("artifact-1", chunk).isEmpty(), "half a receipt is none");
    }

    @Test
    void assemblyThatDiesAfterAnyStepIsCompletedByTheNext(@TempDir Path reference) throws IOException {
        FileSystemStore other = new FileSystemStore(reference, false);
        merge.writeAll(other);
        other.assemble(merge.plan, merge.pinned);
        Map<String, String> expected = tree(reference.resolve("artifacts/artifact-1"));

        for (int steps = 0; steps <= 4; steps++) {
            Path folder = Files.createDirectory(root.resolve("after-" + steps));
            FileSystemStore each = new FileSystemStore(folder, false);
            merge.writeAll(each);
            StagingFolder dying = new StagingFolder("artifact-1", folder.resolve(".staging/artifact-1"), folder.resolve("artifacts/artifact-1"),
                    new StoreFiles(false), receipt -> { });
            ArtifactDocuments documents = dying.documents(merge.plan, merge.pinned);
            if (steps >= 1) {
                Files.write(folder.resolve(".staging/artifact-1/files/config.json"), new byte[] {'{'});
            }
            if (steps >= 2) {
                dying.writeFiles(documents);
            }
            if (steps >= 3) {
                dying.writeManifest(documents, Optional.empty());
            }
            if (steps < 4) {
                assertTrue(each.manifest("artifact-1").isEmpty(), "nothing is visible after step " + steps);
            } else {
                dying.publish();
            }
            each.assemble(merge.plan, merge.pinned);
            assertEquals(expected, tree(folder.resolve("artifacts/artifact-1")), "after step " + steps);
        }
    }

    @Test
    void aShardOfTheSameKeyIsTakenFromAnotherMerge() throws IOException {
        SmallMerge again = new SmallMerge("artifact-2", 3);
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isEmpty());
        merge.writeAll(store);
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isPresent(), "from an unfinished merge");
        store.assemble(merge.plan, merge.pinned);
        ChunkReceipt receipt = store.reuse("artifact-2", again.chunk(1)).orElseThrow();
        assertEquals(receipt, store.receipt("artifact-2", again.chunk(1)).orElseThrow());
        assertArrayEquals(SmallMerge.bytes(again.chunk(1)),
                Files.readAllBytes(root.resolve(".staging/artifact-2/files/model-00002-of-00003.safetensors")));
        assertEquals(Files.getAttribute(artifact().resolve("model-00002-of-00003.safetensors"), "unix:ino"),
                Files.getAttribute(root.resolve(".staging/artifact-2/files/model-00002-of-00003.safetensors"), "unix:ino"), "a link, not a copy");

        StoreFiles.removeTree(artifact());
        assertTrue(store.reuse("artifact-3", again.chunk(2)).isEmpty(), "a shard that was deleted is computed again");
    }

    @Test
    void aDamagedShardIsNotTakenAndLaterOnesOfItsKeyAre() throws IOException {
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        Path shard = artifact().resolve("model-00002-of-00003.safetensors");
        byte[] bytes = Files.readAllBytes(shard);
        bytes[bytes.length - 1] ^= 1;
        Files.write(shard, bytes);
        SmallMerge again = new SmallMerge("artifact-2", 3);
        assertTrue(store.reuse("artifact-2", again.chunk(1)).isEmpty());
        assertTrue(store.receipt("artifact-2", again.chunk(1)).isEmpty(), "it is to be made again");
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isPresent(), "others of that artifact are sound");
        again.writeAll(store);
        ChunkReceipt receipt = store.reuse("artifact-3", again.chunk(1)).orElseThrow();
        assertArrayEquals(SmallMerge.bytes(again.chunk(1)),
                Files.readAllBytes(root.resolve(".staging/artifact-3/files/" + receipt.file())));
    }

    @Test
    void onlyOneOfManyCreatesADocument() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int round = 0; round < 50; round++) {
                String location = "pinned/round-" + round + ".json";
                Callable<Boolean> create = () -> store.putIfAbsent(location, Thread.currentThread().getName().getBytes(StandardCharsets.UTF_8));
                int created = 0;
                for (Future<Boolean> future : threads.invokeAll(List.of(create, create, create, create))) {
                    created += future.get() ? 1 : 0;
                }
                assertEquals(1, created);
            }
        }
        assertEquals(0, tree(root.resolve(".scratch")).size());
    }

    @Test
    void onlyFilesThatTheManifestListsAreOpened() throws IOException {
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        Files.writeString(artifact().resolve("notes.txt"), "not ours");
        for (String name : new String[] {"notes.txt", "../artifact-1/config.json", "missing"}) {
            assertEquals(ErrorCode.NOT_FOUND, assertThrows(AmalgamException.class, () -> store.openArtifactFile("artifact-1", name)).code());
        }
        store.openArtifactFile("artifact-1", Manifest.FILE).close();
    }

    @Test
    void aMergeThatDoesNotFitIsNotBegun() {
        AmalgamException refusal = assertThrows(AmalgamException.class, () -> store.requireSpace(Long.MAX_VALUE));
        assertEquals(ErrorCode.STORAGE_FULL, refusal.code());
        store.requireSpace(1);
    }

    @Test
    void receiptsOfAnotherNumericsVersionAreRefused() throws IOException {
        merge.writeAll(store);
        Path receipt = staging().resolve("receipts/chunk-00001.json");
        Files.writeString(receipt, Files.readString(receipt).replaceFirst("\"numerics\": \\d+", "\"numerics\": 999"));
        assertTrue(store.receipt("artifact-1", merge.chunk(1)).isEmpty());
        assertThrows(AmalgamException.class, () -> store.assemble(merge.plan, merge.pinned));
        assertFalse(Files.exists(artifact()));
    }
}
