package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Gives every failure of a request the form of {@link ProblemResponse}; stack traces go to the log only. */
public class ProblemMappers {

    private static final Logger LOG = Logger.getLogger(ProblemMappers.class);

    /** Ours: the code says everything. */
    @ServerExceptionMapper
    public Response amalgam(AmalgamException failure) {
        if (failure.code().kind() == ErrorCode.Kind.INTERNAL) {
            LOG.error(failure.getMessage(), failure);
        }
        return ProblemResponse.of(failure);
    }

    /** A body that is not the JSON that was expected. */
    @ServerExceptionMapper
    public Response json(JsonProcessingException failure) {
        return ProblemResponse.of(ErrorCode.ARGUMENT_INVALID, Response.Status.BAD_REQUEST.getStatusCode(),
                "the body is not the JSON that is expected here: " + failure.getOriginalMessage());
    }

    /** HTTP's own: unknown paths, methods and media types. */
    @ServerExceptionMapper
    public Response http(WebApplicationException failure) {
        int status = failure.getResponse().getStatus();
        if (failure.getCause() instanceof JsonProcessingException malformed) {
            return json(malformed);
        }
        Response.Status known = Response.Status.fromStatusCode(status);
        String reason = known == null ? "HTTP status " + status : known.getReasonPhrase();
        ErrorCode code = switch (status) {
            case 404 -> ErrorCode.NOT_FOUND;
            case 413 -> ErrorCode.REQUEST_TOO_LARGE;
            default -> status < 500 ? ErrorCode.ARGUMENT_INVALID : ErrorCode.INTERNAL;
        };
        String detail = switch (status) {
            case 404 -> "there is nothing at this address";
            case 405 -> "this address does not know the method of the request";
            case 415 -> "the body's media type is not one of those that are accepted here: "
                    + "application/yaml, text/yaml, application/x-yaml, text/plain, application/json";
            default -> reason;
        };
        return ProblemResponse.of(code, status, detail);
    }

    /** A fault of ours. */
    @ServerExceptionMapper
    public Response fault(Throwable failure) {
        LOG.error("a request failed", failure);
        return ProblemResponse.of(ErrorCode.INTERNAL, Response.Status.INTERNAL_SERVER_ERROR.getStatusCode(),
                "the service failed; its log has the details");
    }
}
