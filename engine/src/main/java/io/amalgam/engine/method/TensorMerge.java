package io.amalgam.engine.method;

/**
 * The making of one output tensor: statistics passes, one after another, and then the output.
 *
 * <p>{@link #nextPass} is called by one thread at a time and sees everything that earlier passes wrote; strips of one
 * pass run on several threads.
 */
public interface TensorMerge extends AutoCloseable {
    /** Elements of a strip unless a method works on rows. */
    int STRIP = 1 << 16;

    /** Elements of a strip; the last one may be shorter. */
    default int stripLength() {
        return STRIP;
    }

    /** The next statistics pass, or null when the output can be computed. */
    default Pass nextPass() {
        return null;
    }

    /** Whether the output looks at this input. */
    default boolean reads(int input) {
        return true;
    }

    /** Computes one strip of the output and gives it to {@link Strip#emit}. */
    void output(Strip strip);

    /** Frees what the merge holds; called once, after the last strip or a failure. */
    @Override
    default void close() {
    }
}
