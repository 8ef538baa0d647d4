package io.amalgam.fuzz;

import java.util.List;

/**
 * A parser under test. Each target also has the static method {@code fuzzerTestOneInput(byte[])} that Jazzer calls.
 */
public interface FuzzTarget {

    /** Every target, in the order in which they are run. */
    List<FuzzTarget> ALL = List.of(
            new SafetensorsTarget(), new ShardIndexTarget(), new RecipeTarget(), new TokenizerTarget(), new EventTarget(),
            new ChatTemplateTarget());

    /** What the target is called on the command line. */
    String name();

    /**
     * Reads one input. Returns whatever the input is, unless the parser breaks a promise.
     *
     * @throws AssertionError if it accepted what it must not
     */
    void run(byte[] input);

    /** Honest inputs, from which the hostile ones are made. */
    List<byte[]> seeds();
}
