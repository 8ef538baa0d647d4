package io.amalgam.events.work;

/** A record that can never be worked on: it goes to the dead letters. */
public final class RefusedWork extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String code;

    /**
     * A refusal.
     *
     * @param code name of an engine error code
     * @param reason one sentence
     */
    public RefusedWork(String code, String reason) {
        super(reason);
        this.code = code;
    }

    /** Name of the engine's error code. */
    public String code() {
        return code;
    }
}
