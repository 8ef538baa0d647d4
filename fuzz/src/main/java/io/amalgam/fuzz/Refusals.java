package io.amalgam.fuzz;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import java.util.Set;

/** What a refusal must look like. */
final class Refusals {

    private static final int LONGEST_MESSAGE = 1 << 20;

    private Refusals() {
    }

    /**
     * Checks that a parser refused its input as its author's mistake and for one of its own reasons.
     *
     * @throws AssertionError otherwise
     */
    static void check(AmalgamException refusal, ErrorCode... expected) {
        if (!Set.of(expected).contains(refusal.code())) {
            throw new AssertionError("refused as " + refusal.code() + ", which is not among the parser's", refusal);
        }
        if (refusal.code().kind() != ErrorCode.Kind.USER && refusal.code() != ErrorCode.EVENT_INVALID) {
            throw new AssertionError("an input's mistake is told as a fault of ours", refusal);
        }
        if (refusal.getMessage() == null || refusal.getMessage().length() > LONGEST_MESSAGE) {
            throw new AssertionError("the refusal has no sentence, or one without end", refusal);
        }
    }

    /** Checks a promise. */
    static void promise(boolean kept, String promise) {
        if (!kept) {
            throw new AssertionError("broken: " + promise);
        }
    }
}
