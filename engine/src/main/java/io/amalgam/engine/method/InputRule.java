package io.amalgam.engine.method;

/**
 * How many inputs a method takes, and what it does with a base model.
 *
 * @param base what the method does with a base model
 * @param minimum the fewest inputs
 * @param maximum the most inputs, or {@link Integer#MAX_VALUE}
 * @param countsBase whether {@code minimum} and {@code maximum} count the base model
 * @param incomplete what happens to an optional tensor that only some of the inputs have
 */
public record InputRule(BaseRule base, int minimum, int maximum, boolean countsBase, Incomplete incomplete) {

    /** What a method does with a base model. */
    public enum BaseRule {
        /** There must be one, and it must be among the inputs. */
        REQUIRED,
        /** There may be one; without it the method works on the weights themselves. */
        OPTIONAL,
        /** It plays no part of its own: listed, it is an input like any other. */
        ORDINARY_INPUT
    }

    /** What happens to an optional tensor that only some of the inputs have (mergekit.md §3.5). */
    public enum Incomplete {
        /** The inputs that have it are merged; if the base model is required and lacks it, that is an error. */
        MERGE_REMAINING,
        /** A lone input passes through unchanged. */
        PASS_LONE_INPUT,
        /** A lone base model passes through unchanged; any other incomplete set is an error. */
        PASS_LONE_BASE,
        /** With fewer than three inputs a lone base model passes through; otherwise the tensor is left out. */
        PASS_LONE_BASE_OR_LEAVE_OUT
    }

    /** A rule that counts all inputs. */
    static InputRule of(BaseRule base, int minimum, int maximum, Incomplete incomplete) {
        return new InputRule(base, minimum, maximum, true, incomplete);
    }

    /** The number of inputs in words: {@code exactly 2}, {@code at least 3}. */
    public String inWords() {
        String number = minimum == maximum ? "exactly " + minimum : "at least " + minimum;
        return countsBase ? number : number + " without the base model";
    }

    /** Whether so many inputs, of which one may be the base model, are right. */
    public boolean accepts(int inputs, boolean hasBase) {
        int counted = countsBase || !hasBase ? inputs : inputs - 1;
        return counted >= minimum && counted <= maximum;
    }
}
