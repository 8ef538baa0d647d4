package io.amalgam.engine.execute;

import java.util.Map;

/**
 * What came of a chunk.
 *
 * @param length of the shard in bytes
 * @param sha256 of the shard, in hexadecimal
 * @param bytesRead from inputs, every pass counted
 * @param nonFinite for each output tensor with NaN or infinity, how many elements; other tensors are not named
 */
public record ExecutionResult(long length, String sha256, long bytesRead, Map<String, Long> nonFinite) {

    /** Keeps the map as it is now. */
    public ExecutionResult {
        nonFinite = Map.copyOf(nonFinite);
    }
}
