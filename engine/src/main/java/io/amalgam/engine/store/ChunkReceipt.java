package io.amalgam.engine.store;

import io.amalgam.engine.Version;
import io.amalgam.engine.plan.ChunkPlan;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Proof that a chunk is done. A chunk is done if and only if its receipt is in the store and matches the chunk.
 *
 * @param chunkKey the chunk's key: the same key means the same bytes
 * @param file name of the shard
 * @param length of the shard in bytes
 * @param sha256 of the shard, hexadecimal
 * @param numerics version of the arithmetic that made it
 * @param nonFinite elements that are NaN or infinite, by tensor; tensors without any are not listed
 */
public record ChunkReceipt(
        String chunkKey, String file, long length, String sha256, int numerics, Map<String, Long> nonFinite) {

    /** Keeps the counts as they are now, in the order of tensors' names. */
    public ChunkReceipt {
        nonFinite = Collections.unmodifiableMap(new TreeMap<>(nonFinite));
    }

    /** Whether it is the receipt of that chunk, made by this version of the arithmetic. */
    public boolean isOf(ChunkPlan chunk) {
        return chunk.key().equals(chunkKey) && chunk.file().equals(file) && numerics == Version.NUMERICS;
    }
}
