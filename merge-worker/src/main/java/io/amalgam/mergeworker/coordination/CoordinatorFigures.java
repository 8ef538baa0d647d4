package io.amalgam.mergeworker.coordination;

import java.time.Instant;
import java.util.List;

/**
 * What a coordinator has in hand, for metrics.
 *
 * @param planning merges that are being planned
 * @param running merges whose chunks are being made
 * @param remaining chunks without a result, and assemblies
 * @param outstanding chunks that were handed out and have no result
 * @param quietSince when the quietest running merge was last heard of; null if none runs
 */
public record CoordinatorFigures(int planning, int running, int remaining, int outstanding, Instant quietSince) {

    /** Nothing in hand. */
    public static final CoordinatorFigures NONE = new CoordinatorFigures(0, 0, 0, 0, null);

    /** The figures of merges; null stands for one that is being planned. */
    static CoordinatorFigures of(List<MergeLine> lines) {
        CoordinatorFigures sum = NONE;
        for (MergeLine line : lines) {
            sum = sum.plus(line == null
                    ? new CoordinatorFigures(1, 0, 0, 0, null)
                    : new CoordinatorFigures(0, 1, line.remaining(), line.outstanding(), line.heardAt()));
        }
        return sum;
    }

    /** Both together. */
    public CoordinatorFigures plus(CoordinatorFigures other) {
        return new CoordinatorFigures(
                planning + other.planning, running + other.running, remaining + other.remaining,
                outstanding + other.outstanding, earlier(quietSince, other.quietSince));
    }

    private static Instant earlier(Instant one, Instant other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return one.isBefore(other) ? one : other;
    }
}
