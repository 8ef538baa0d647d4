package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.error.Problem;
import io.amalgam.recipeservice.merge.ProblemView;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Locale;

/**
 * A problem response (RFC 9457, {@code application/problem+json}).
 *
 * @param type identifies the kind of problem; it is a name, not an address
 * @param title the kind in words
 * @param status of HTTP
 * @param detail one sentence on this occurrence
 * @param code our name of the kind
 * @param errors all problems that were found, with their places in the recipe
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record ProblemResponse(
        String type, String title, int status, String detail, String code, List<ProblemView> errors) {

    /** Media type of problem responses. */
    public static final String MEDIA_TYPE = "application/problem+json";

    private static final int UNPROCESSABLE = 422;
    private static final int INSUFFICIENT_STORAGE = 507;
    private static final int RETRY_AFTER_SECONDS = 5;

    /** The response to a refusal or failure. */
    public static Response of(AmalgamException failure) {
        return of(failure.code(), status(failure.code()), failure.problems());
    }

    /** The response of a status of HTTP's own, such as an unknown path. */
    public static Response of(ErrorCode code, int status, String detail) {
        return of(code, status, List.of(Problem.error(code, detail)));
    }

    /** The response to a range outside of a file, which tells how long the file is. */
    static Response rangeNotSatisfiable(String detail, long length) {
        return Response.fromResponse(of(
                        ErrorCode.ARGUMENT_INVALID, Response.Status.REQUESTED_RANGE_NOT_SATISFIABLE.getStatusCode(), detail))
                .header("Content-Range", "bytes */" + length)
                .build();
    }

    private static Response of(ErrorCode code, int status, List<Problem> problems) {
        Problem first = problems.stream()
                .filter(problem -> problem.code() == code)
                .findFirst()
                .orElse(problems.getFirst());
        ProblemResponse body = new ProblemResponse(
                "urn:amalgam:error:" + code.name(), title(code), status,
                problems.size() == 1 ? first.message() : first.message() + " (and " + (problems.size() - 1) + " more)",
                code.name(), problems.stream().map(ProblemView::of).toList());
        Response.ResponseBuilder response = Response.status(status).type(MEDIA_TYPE).entity(body);
        if (status == Response.Status.SERVICE_UNAVAILABLE.getStatusCode()
                || status == Response.Status.TOO_MANY_REQUESTS.getStatusCode()) {
            response.header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        return response.build();
    }

    /** The status of HTTP that a code is told with. */
    static int status(ErrorCode code) {
        return switch (code) {
            case NOT_FOUND -> Response.Status.NOT_FOUND.getStatusCode();
            case CONFLICT -> Response.Status.CONFLICT.getStatusCode();
            case REQUEST_TOO_LARGE -> Response.Status.REQUEST_ENTITY_TOO_LARGE.getStatusCode();
            case UNAUTHENTICATED -> Response.Status.UNAUTHORIZED.getStatusCode();
            case FORBIDDEN, BYTES_QUOTA_EXCEEDED -> Response.Status.FORBIDDEN.getStatusCode();
            case QUOTA_EXCEEDED, RATE_LIMITED -> Response.Status.TOO_MANY_REQUESTS.getStatusCode();
            case STORAGE_FULL -> INSUFFICIENT_STORAGE;
            case RECIPE_NOT_YAML, RECIPE_LIMIT_EXCEEDED, ARGUMENT_INVALID ->
                Response.Status.BAD_REQUEST.getStatusCode();
            default -> switch (code.kind()) {
                case USER -> UNPROCESSABLE;
                case INSUFFICIENT_RESOURCES -> INSUFFICIENT_STORAGE;
                case EXTERNAL -> Response.Status.SERVICE_UNAVAILABLE.getStatusCode();
                case INTERNAL -> Response.Status.INTERNAL_SERVER_ERROR.getStatusCode();
            };
        };
    }

    private static String title(ErrorCode code) {
        String words = code.name().replace('_', ' ').toLowerCase(Locale.ROOT);
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }
}
