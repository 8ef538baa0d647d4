package io.amalgam.evaluation.inference.jinja;

/** A template that is not valid, uses what is not supported, raised an exception itself, or exceeded a limit. */
public final class JinjaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An exception with one sentence. */
    public JinjaException(String message) {
        super(message);
    }
}
