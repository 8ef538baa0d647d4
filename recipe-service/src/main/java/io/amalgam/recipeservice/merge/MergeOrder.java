package io.amalgam.recipeservice.merge;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.plan.PlanOptions;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What somebody wants merged.
 *
 * @param recipe MergeKit's YAML
 * @param name of the artifact, for people; empty to take the recipe's file name
 * @param options what decides the output beside the recipe
 * @param benchmarks tasks that the artifact, its parents and its base are scored with
 */
public record MergeOrder(String recipe, String name, PlanOptions options, List<String> benchmarks) {

    private static final int LONGEST_NAME = 200;
    private static final int MOST_BENCHMARKS = 64;
    private static final Pattern BENCHMARK = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}");
    private static final long SMALLEST_SHARD = 1;

    /** Checks everything but the recipe. */
    public MergeOrder {
        benchmarks = List.copyOf(benchmarks);
        if (name.length() > LONGEST_NAME || name.chars().anyMatch(Character::isISOControl)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "name has " + name.length()
                    + " characters or control characters; at most " + LONGEST_NAME + " printable ones are allowed");
        }
        if (benchmarks.size() > MOST_BENCHMARKS) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "benchmarks names " + benchmarks.size()
                    + " tasks; at most " + MOST_BENCHMARKS + " are allowed");
        }
        for (String benchmark : benchmarks) {
            if (!BENCHMARK.matcher(benchmark).matches()) {
                throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "benchmarks names \"" + benchmark
                        + "\"; expected a task's name, which has letters, digits, '_', '.', ':' and '-'");
            }
        }
        if (options.maxShardBytes() < SMALLEST_SHARD) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "shardSize is " + options.maxShardBytes() + "; expected a size above zero, such as 500MB");
        }
    }
}
