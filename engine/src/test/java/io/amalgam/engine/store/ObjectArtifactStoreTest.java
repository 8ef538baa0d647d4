package io.amalgam.engine.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.ChunkPlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The store keeps its promises over objects as over files, also when the bucket fails at any request. */
class ObjectArtifactStoreTest extends ArtifactStoreContract {
    private final MemoryObjects objects = new MemoryObjects();

    @Override
    protected ArtifactStore openStore() {
        return new ObjectArtifactStore(objects, "line/");
    }

    @Override
    protected void age(Duration age) {
        objects.pass(age);
    }

    @Test
    void aBucketThatFailsAtAnyRequestLeavesNothingHalfAndTheNextOneFinishes() throws IOException {
        SmallMerge reference = new SmallMerge("artifact-1", 2);
        MemoryObjects sound = new MemoryObjects();
        ArtifactStore soundStore = new ObjectArtifactStore(sound, "line/");
        reference.writeAll(soundStore);
        Manifest expected = soundStore.assemble(reference.plan, reference.pinned);
        int steps = sound.requests();

        for (int step = 0; step < steps; step++) {
            MemoryObjects failing = new MemoryObjects();
            ArtifactStore each = new ObjectArtifactStore(failing, "line/");
            failing.failAfter(step);
            assertThrows(AmalgamException.class, () -> {
                reference.writeAll(each);
                each.assemble(reference.plan, reference.pinned);
            }, "request " + step + " of " + steps);
            failing.failAfter(-1);
            // Either nothing is visible or all of it.
            if (each.manifest("artifact-1").isPresent()) {
                assertEquals(expected, each.manifest("artifact-1").orElseThrow());
            }
            reference.writeAll(each);
            assertEquals(expected, each.assemble(reference.plan, reference.pinned), "after a failure at request " + step);
            assertEquals(sound.keys(), failing.keys(), "after a failure at request " + step);
        }
    }

    @Test
    void aShardThatWasDamagedInTheBucketIsComputedAgain() throws IOException {
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        ChunkPlan chunk = merge.chunk(0);
        byte[] damaged = SmallMerge.bytes(chunk);
        damaged[damaged.length / 2] ^= 1;
        objects.put("line/artifacts/artifact-1/" + chunk.file(), damaged);
        SmallMerge again = new SmallMerge("artifact-2", 3);
        assertTrue(store.reuse("artifact-2", again.chunk(0)).isEmpty(), "of the same length, but not the same bytes");
        assertTrue(store.reuse("artifact-2", again.chunk(1)).isPresent(), "beside it");
    }

    @Test
    void anUploadThatNobodyCompletesIsSweptWhenItIsOldAndItsMergeIsNotOpen() throws IOException {
        ShardWriter dead = store.openShard("artifact-1", merge.chunk(0));
        dead.write(MemorySegment.ofArray(SmallMerge.bytes(merge.chunk(0))));
        assertEquals(0, store.sweep(Duration.ofDays(1), artifact -> false).uploads());
        age(Duration.ofDays(2));
        assertEquals(0, store.sweep(Duration.ofDays(1), "artifact-1"::equals).uploads());
        assertEquals(1, store.sweep(Duration.ofDays(1), artifact -> false).uploads());
        assertEquals(List.of(), objects.unfinishedUploads(""));
    }

    @Test
    void remainsOfADeletedArtifactAreSwept() throws IOException {
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        // Its head, the manifest's removal, and then nothing more.
        objects.failAfter(2);
        assertThrows(AmalgamException.class, () -> store.deleteArtifact("artifact-1"));
        objects.failAfter(-1);
        assertTrue(store.manifest("artifact-1").isEmpty());
        assertFalse(objects.list("line/artifacts/artifact-1/").isEmpty());
        age(Duration.ofDays(2));
        store.sweep(Duration.ofDays(1), artifact -> false);
        assertEquals(List.of(), objects.list("line/artifacts/artifact-1/"));
    }

    @Test
    void allKeysLieUnderThePrefix() throws IOException {
        merge.writeAll(store);
        store.assemble(merge.plan, merge.pinned);
        store.put("pinned/artifact-1.json", new byte[1]);
        assertTrue(objects.keys().stream().allMatch(key -> key.startsWith("line/")), objects.keys().toString());
        assertEquals(ErrorCode.NOT_FOUND,
                assertThrows(AmalgamException.class, () -> store.openShard("../other", merge.chunk(0))).code());
    }
}
