package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;

/**
 * A chunk that was heard of: one output shard.
 *
 * @param index from 0
 * @param state {@code completed}, or {@code failed} (it may be tried again)
 * @param attempts that were made, as far as failures were told
 * @param worker that made it
 * @param sha256 of the shard, or null
 * @param length of the shard in bytes
 * @param bytesRead for it
 * @param milliseconds that it took
 * @param reused whether a shard of an earlier merge was taken
 * @param error why it failed, or null
 * @param at when
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ChunkView(
        int index, String state, int attempts, String worker, String sha256, long length, long bytesRead,
        long milliseconds, boolean reused, MergeView.Failure error, Instant at) {
}
