package io.amalgam.recipeservice.merge;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.Problem;

/**
 * A problem as clients see it.
 *
 * @param code what kind of problem: a name of our list
 * @param severity {@code error}, {@code warning} or {@code note}
 * @param message one sentence
 * @param line in the recipe, from 1, or null
 * @param column in the line, from 1, or null
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ProblemView(String code, String severity, String message, Integer line, Integer column) {

    /** The view of a problem. */
    public static ProblemView of(Problem problem) {
        String severity = switch (problem.severity()) {
            case ERROR -> "error";
            case WARNING -> "warning";
            case NOTE -> "note";
        };
        return new ProblemView(problem.code().name(), severity, problem.message(),
                problem.line() > 0 ? problem.line() : null, problem.column() > 0 ? problem.column() : null);
    }
}
