package io.amalgam.engine.plan;

/**
 * What a merge will take, known before it starts.
 *
 * @param bytesToRead bytes of tensors read from all models, each once
 * @param bytesToWrite bytes of tensors written
 * @param chunks units of work, which are output shards
 * @param tensors output tensors
 * @param memoryBytes resident memory that a worker with as many processors as this machine needs, by estimate
 * @param diskBytes room that the output needs, headers and other files included
 */
public record MergeCost(
        long bytesToRead, long bytesToWrite, int chunks, int tensors, long memoryBytes, long diskBytes) {

    /** Nothing: the cost of a recipe that is refused. */
    public static final MergeCost NONE = new MergeCost(0, 0, 0, 0, 0, 0);
}
