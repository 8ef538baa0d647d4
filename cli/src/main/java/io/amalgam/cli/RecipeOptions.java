package io.amalgam.cli;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlanOptions;
import io.amalgam.engine.source.LocalModelSource;
import io.amalgam.engine.source.ModelSources;
import io.amalgam.storage.StorageSettings;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What decides an artifact beside the recipe: common to commands that plan. */
final class RecipeOptions {

    @Option(
            names = "--random-seed",
            paramLabel = "N",
            description = "Seed of random methods, from 0 to 2^32-1; without it, one is derived from the recipe.")
    private Long randomSeed;

    @Option(
            names = "--out-shard-size",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            defaultValue = "5B",
            description = "The most bytes of an output shard, with k, m or b for 10^3, 10^6, 10^9; 0 for one shard"
                    + " (default: ${DEFAULT-VALUE}).")
    private long shardSize;

    @Option(
            names = "--allow-crimes",
            negatable = true,
            description = "Merge models of different architectures, by the layout of the first.")
    private boolean allowCrimes;

    @Option(
            names = "--unsafe-truncate-embeddings",
            negatable = true,
            description = "Cut vocabularies of different sizes to the rows that all models have.")
    private boolean truncateEmbeddings;

    @Option(
            names = "--keep-padding",
            description = "With a tokenizer option, keep the rows beyond the vocabulary that MergeKit cuts off.")
    private boolean keepPadding;

    @Option(
            names = "--keep-unlisted",
            description = "Merge tensors too that MergeKit does not know of an architecture and leaves out.")
    private boolean keepUnlisted;

    @Option(
            names = "--keep-tied",
            description = "Where the output's configuration ties embeddings, do not write the second copy of them that"
                    + " MergeKit writes.")
    private boolean keepTied;

    @Option(
            names = "--copy-tokenizer",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Copy the tokenizer of the base model (default: ${DEFAULT-VALUE}).")
    private boolean copyTokenizer;

    @Option(
            names = "--write-model-card",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Write README.md and mergekit_config.yml (default: ${DEFAULT-VALUE}).")
    private boolean writeModelCard;

    @Option(names = "--strict", description = "Refuse keys that have no effect, instead of warning of them.")
    private boolean strict;

    @Option(
            names = "--digest-parents",
            description = "Identify local models by the contents of all their files, so that a copy elsewhere is the same"
                    + " model; reads them whole.")
    private boolean digestParents;

    /** Where models are looked for. */
    ModelSources sources() {
        LocalModelSource.Identity identity =
                digestParents ? LocalModelSource.Identity.CONTENTS : LocalModelSource.Identity.FINGERPRINT;
        return StorageSettings.fromEnvironment().models(new LocalModelSource(Path.of(""), true, identity));
    }

    /** The options as planning takes them. */
    PlanOptions planOptions() {
        if (randomSeed != null && (randomSeed < 0 || randomSeed > 0xFFFF_FFFFL)) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID,
                    "--random-seed is " + randomSeed + ", expected a number from 0 to 4294967295.");
        }
        return new PlanOptions(
                shardSize,
                randomSeed,
                allowCrimes,
                truncateEmbeddings,
                keepPadding,
                keepUnlisted,
                keepTied,
                copyTokenizer,
                writeModelCard,
                strict);
    }

    /** Reads sizes with suffixes. */
    static final class SizeConverter implements ITypeConverter<Long> {
        @Override
        public Long convert(String value) {
            try {
                return Sizes.parse(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}
