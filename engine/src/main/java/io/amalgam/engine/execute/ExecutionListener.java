package io.amalgam.engine.execute;

/** Told of a chunk's progress, and asked whether to go on. Called from several threads, often: answer at once. */
public interface ExecutionListener {

    /** Hears nothing and never cancels. */
    ExecutionListener NONE = new ExecutionListener() {
    };

    /** So many more bytes were read from inputs. */
    default void bytesRead(long bytes) {
    }

    /** So many more bytes were given to the sink. */
    default void bytesWritten(long bytes) {
    }

    /** Whether the chunk is to be given up; execution then ends with {@code CANCELLED}. */
    default boolean cancelled() {
        return false;
    }
}
