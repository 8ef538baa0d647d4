package io.amalgam.engine.plan;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.engine.recipe.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Gathers everything that is wrong with a recipe. The same fault in many tensors is one problem that says how many, so
 * that a model of eighty layers does not answer with a thousand lines.
 */
final class ProblemCollector {

    private final String file;
    private final boolean refused;
    private final Map<Object, Entry> entries = new LinkedHashMap<>();

    /** One problem, and how often it was found. */
    private static final class Entry {
        private final ErrorCode code;
        private final Problem.Severity severity;
        private final Position position;
        private final String finding;
        private final String remedy;
        private int more;

        Entry(ErrorCode code, Problem.Severity severity, Position position, String finding, String remedy) {
            this.code = code;
            this.severity = severity;
            this.position = position;
            this.finding = finding;
            this.remedy = remedy;
        }

        Problem problem(String file) {
            String others = more == 0 ? "" : " (and so " + more + (more == 1 ? " other tensor)" : " other tensors)");
            String message = finding + others + (remedy.isEmpty() ? "." : "; " + remedy + ".");
            boolean placed = position.line() > 0;
            return new Problem(code, severity, message, placed ? file : null, position.line(), position.column());
        }
    }

    ProblemCollector(String file) {
        this(file, false);
    }

    /** @param refused whether the recipe is refused already, for errors that are not among these */
    ProblemCollector(String file, boolean refused) {
        this.file = file;
        this.refused = refused;
    }

    /**
     * Adds an error.
     *
     * @param finding what is wrong: no full stop at the end
     * @param remedy what to change: likewise, or empty
     */
    void error(ErrorCode code, Position position, String finding, String remedy) {
        addOnce(code, Problem.Severity.ERROR, position, finding, remedy);
    }

    /** Adds an error that may be found in many tensors: those with an equal key are one. */
    void repeatedError(Object key, ErrorCode code, Position position, String finding, String remedy) {
        add(key, code, Problem.Severity.ERROR, position, finding, remedy);
    }

    /** Adds a warning. */
    void warning(ErrorCode code, Position position, String finding, String remedy) {
        addOnce(code, Problem.Severity.WARNING, position, finding, remedy);
    }

    /** Adds a note that may be found in many tensors: those with an equal key are one. */
    void repeatedNote(Object key, ErrorCode code, String finding, String remedy) {
        add(key, code, Problem.Severity.NOTE, Position.NONE, finding, remedy);
    }

    /** Adds a note. */
    void note(ErrorCode code, Position position, String finding, String remedy) {
        addOnce(code, Problem.Severity.NOTE, position, finding, remedy);
    }

    /** Adds what another check refused, at a place of the recipe. */
    void failure(AmalgamException failure, Position position) {
        failure.problems().forEach(problem -> found(problem, position));
    }

    /** Adds what another check found, at a place of the recipe. */
    void found(Problem problem, Position position) {
        String message = problem.message().strip();
        String finding = message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
        addOnce(problem.code(), problem.severity(), position, finding, "");
    }

    /** Adds the problems of another collector that a condition allows. */
    void addAll(ProblemCollector other, Predicate<ErrorCode> condition) {
        other.entries.forEach((key, entry) -> {
            if (condition.test(entry.code)) {
                entries.putIfAbsent(key, entry);
            }
        });
    }

    /** What is found again at the same place is the same problem. */
    private void addOnce(
            ErrorCode code, Problem.Severity severity, Position position, String finding, String remedy) {
        entries.putIfAbsent(List.of(finding, position), new Entry(code, severity, position, finding, remedy));
    }

    private void add(
            Object key, ErrorCode code, Problem.Severity severity, Position position, String finding, String remedy) {
        Entry entry = entries.get(key);
        if (entry == null) {
            entries.put(key, new Entry(code, severity, position, finding, remedy));
        } else {
            entry.more++;
        }
    }

    /** Whether an error is among them, or there was one before. */
    boolean hasErrors() {
        return refused || entries.values().stream().anyMatch(entry -> entry.severity == Problem.Severity.ERROR);
    }

    /** All of them: those of the recipe by line, then those without a place; errors first among equals. */
    List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        entries.values().forEach(entry -> problems.add(entry.problem(file)));
        problems.sort(ORDER);
        return problems;
    }

    /** By line, those without a place last; errors, then warnings, then notes. */
    static final Comparator<Problem> ORDER = Comparator.<Problem>comparingInt(
                    problem -> problem.line() == 0 ? Integer.MAX_VALUE : problem.line())
            .thenComparingInt(Problem::column)
            .thenComparing(Problem::severity);
}
