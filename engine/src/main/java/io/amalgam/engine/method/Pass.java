package io.amalgam.engine.method;

/** One reading of the inputs before the output is computed. Strips come from several threads, in any order. */
public interface Pass {

    /** Whether the pass looks at this input. */
    default boolean reads(int input) {
        return true;
    }

    /** Whether the pass looks at this strip; those that it does not look at are not even read. */
    default boolean wants(int strip) {
        return true;
    }

    /** Whether the first strips should come from all over the tensor, because the pass learns from them how to go on. */
    default boolean learns() {
        return false;
    }

    /** Works on one strip. */
    void strip(Strip strip);

    /** Called once, by one thread, when all strips are done. */
    default void complete() {
    }
}
