package io.amalgam.engine.error;

import java.util.List;
import java.util.stream.Collectors;

/** A refusal or failure with a code and, where there are several, all of its problems. */
public final class AmalgamException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;
    private final ErrorCode code;

    /** A failure with one sentence. */
    public AmalgamException(ErrorCode code, String message) {
        this(code, message, null);
    }

    /** A failure with one sentence and what caused it. */
    public AmalgamException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.problems = List.of(Problem.error(code, message));
    }

    /** A refusal for several reasons; the first error gives the code. */
    public AmalgamException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
        this.code = problems.stream()
                .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                .findFirst()
                .orElse(problems.getFirst())
                .code();
    }

    /** Returns the code of the (first) problem. */
    public ErrorCode code() {
        return code;
    }

    /** Returns all problems, in the order in which they were found. */
    public List<Problem> problems() {
        return problems;
    }
}
