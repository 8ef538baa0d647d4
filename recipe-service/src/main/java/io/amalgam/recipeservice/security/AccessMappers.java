package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.rest.ProblemResponse;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Tells callers that they are not known or may not, without telling what is there. Browsers are led to sign in. */
public class AccessMappers {

    private final RateLimits rates;

    /** Takes where wrong tokens are counted. */
    public AccessMappers(RateLimits rates) {
        this.rates = rates;
    }

    /** No token. */
    @ServerExceptionMapper
    public Response missing(UnauthorizedException failure, RoutingContext routing) {
        return unauthenticated(routing, "this needs a token: Authorization: Bearer TOKEN, where TOKEN is an API key or a"
                + " token of the service's issuer");
    }

    /** A wrong token. Why it is wrong is for the log of the service, not for whoever guesses. */
    @ServerExceptionMapper
    public Response wrong(AuthenticationFailedException failure, RoutingContext routing) {
        rates.failure(AccessFilters.address(routing));
        return unauthenticated(routing, "the token is not accepted: it is unknown, expired, revoked or not for here");
    }

    /** A caller without the role. */
    @ServerExceptionMapper
    public Response forbidden(ForbiddenException failure) {
        return ProblemResponse.of(new AmalgamException(
                ErrorCode.FORBIDDEN, "the token's roles do not include the one that this needs"));
    }

    private static Response unauthenticated(RoutingContext routing, String sentence) {
        String accepts = routing.request().getHeader(HttpHeaders.ACCEPT);
        if (routing.request().method() == HttpMethod.GET && accepts != null && accepts.contains(MediaType.TEXT_HTML)
                && !routing.normalizedPath().startsWith("/api")) {
            return Response.seeOther(URI.create(SignInPage.PATH + "?back="
                    + URLEncoder.encode(routing.normalizedPath(), StandardCharsets.UTF_8))).build();
        }
        return Response.fromResponse(ProblemResponse.of(new AmalgamException(ErrorCode.UNAUTHENTICATED, sentence)))
                .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer")
                .build();
    }
}
