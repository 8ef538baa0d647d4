package io.amalgam.engine.plan;

import io.amalgam.engine.tensor.TensorPlan;
import java.util.List;

/**
 * One chunk: one output shard, the unit of work, of retry and of hashing.
 *
 * @param index from 0
 * @param count chunks of the merge
 * @param file the shard's file name
 * @param key digest of everything that decides the shard's bytes (inputs, method, parameters, numerics); the same key
 *     means the same bytes, in whichever merge
 * @param seed of the random stream (32 bits, unsigned)
 * @param tensors in the order in which they lie in the file
 */
public record ChunkPlan(int index, int count, String file, String key, long seed, List<TensorPlan> tensors) {

    /** Keeps the list as it is now. */
    public ChunkPlan {
        tensors = List.copyOf(tensors);
    }

    /** Bytes of tensor data in the output. */
    public long bytesToWrite() {
        return tensors.stream().mapToLong(TensorPlan::bytes).sum();
    }
}
