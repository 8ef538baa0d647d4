package io.amalgam.engine.plan;

/**
 * What a request can choose beside the recipe. All of it but {@code strict} decides the output and is part of the
 * artifact key.
 *
 * @param maxShardBytes the most bytes of tensors in an output shard; 0 or less for no limit
 * @param randomSeed seed of the random stream, or null to derive one from the artifact key
 * @param allowDifferentArchitectures MergeKit's {@code --allow-crimes}: the first model's layout is used for all
 * @param truncateEmbeddings MergeKit's {@code --unsafe-truncate-embeddings}: vocabulary tensors of different sizes are
 *     cut to the rows that all have
 * @param keepPadding keeps the rows beyond the vocabulary that a tokenizer option would cut off
 * @param keepUnlisted merges tensors too that MergeKit's table does not list for the architecture and would leave out
 * @param keepTied leaves out a second copy of tied embeddings that MergeKit writes if only some models tie them
 * @param copyTokenizer whether the donor's tokenizer files are copied
 * @param writeModelCard whether {@code README.md} and {@code mergekit_config.yml} are written
 * @param strict whether unknown keys refuse the recipe
 */
public record PlanOptions(
        long maxShardBytes,
        Long randomSeed,
        boolean allowDifferentArchitectures,
        boolean truncateEmbeddings,
        boolean keepPadding,
        boolean keepUnlisted,
        boolean keepTied,
        boolean copyTokenizer,
        boolean writeModelCard,
        boolean strict) {

    /** MergeKit's shards: 5·10⁹ bytes. */
    public static final long COMMAND_LINE_SHARD_BYTES = 5_000_000_000L;
    /** Shards of the service: small enough that losing a worker costs seconds, large enough to stream. */
    public static final long SERVICE_SHARD_BYTES = 500_000_000L;

    /** The command line's defaults, which are MergeKit's. */
    public static PlanOptions commandLine() {
        return new PlanOptions(COMMAND_LINE_SHARD_BYTES, null, false, false, false, false, false, true, true, false);
    }

    /** The service's defaults: the command line's, with shards that are units of work. */
    public static PlanOptions service() {
        return commandLine().withMaxShardBytes(SERVICE_SHARD_BYTES);
    }

    /** The same with another shard size. */
    public PlanOptions withMaxShardBytes(long bytes) {
        return new PlanOptions(bytes, randomSeed, allowDifferentArchitectures, truncateEmbeddings, keepPadding,
                keepUnlisted, keepTied, copyTokenizer, writeModelCard, strict);
    }

    /** The same with another seed; null to derive one. */
    public PlanOptions withRandomSeed(Long seed) {
        return new PlanOptions(maxShardBytes, seed, allowDifferentArchitectures, truncateEmbeddings, keepPadding,
                keepUnlisted, keepTied, copyTokenizer, writeModelCard, strict);
    }

    /** The same, refusing unknown keys or not. */
    public PlanOptions withStrict(boolean refuse) {
        return new PlanOptions(maxShardBytes, randomSeed, allowDifferentArchitectures, truncateEmbeddings, keepPadding,
                keepUnlisted, keepTied, copyTokenizer, writeModelCard, refuse);
    }
}
