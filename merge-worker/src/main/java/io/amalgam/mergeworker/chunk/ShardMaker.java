package io.amalgam.mergeworker.chunk;

import io.amalgam.engine.execute.ExecutionListener;
import io.amalgam.engine.plan.ChunkSlice;
import io.amalgam.engine.store.ChunkReceipt;

/** Makes one shard and its receipt. */
public interface ShardMaker {

    /**
     * A shard that was made.
     *
     * @param receipt which proves it
     * @param bytesRead from models
     */
    record MadeShard(ChunkReceipt receipt, long bytesRead) {
    }

    /**
     * Makes a shard: when this returns, shard and receipt are safe in the store.
     *
     * @param listener told of every byte, and asked whether to go on
     * @param computed called when everything is computed and handed to the store: what is left is to make it safe
     * @throws io.amalgam.engine.error.AmalgamException with {@code CANCELLED} when the listener says so, a transient code
     *     when something does not answer, else with what is wrong for good
     */
    MadeShard make(ChunkSlice slice, ExecutionListener listener, Runnable computed);
}
