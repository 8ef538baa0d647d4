package io.amalgam.engine.store;

import io.amalgam.engine.execute.ExecutionResult;
import io.amalgam.engine.execute.ShardSink;

/**
 * A shard that is being written. It is not visible to anyone until it is committed; closing it uncommitted abandons it.
 */
public interface ShardWriter extends ShardSink, AutoCloseable {

    /**
     * Makes the shard and then its receipt visible.
     *
     * @param result what the executor says it wrote; the length is checked against what arrived
     * @throws io.amalgam.engine.error.AmalgamException with {@code DIGEST_MISMATCH} if the lengths differ, or
     *     {@code STORE_UNAVAILABLE} or {@code STORAGE_FULL}
     */
    ChunkReceipt commit(ExecutionResult result);

    /** Removes what was written. Nothing happens after a commit, or the second time. */
    void abandon();

    /** Abandons the shard if it was not committed. */
    @Override
    default void close() {
        abandon();
    }
}
