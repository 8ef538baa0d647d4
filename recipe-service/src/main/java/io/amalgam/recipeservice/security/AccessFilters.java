package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.EventCodec;
import io.amalgam.recipeservice.rest.ProblemResponse;
import io.amalgam.recipeservice.rest.Trace;
import io.quarkus.security.identity.SecurityIdentity;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.security.PermitAll;
import jakarta.inject.Inject;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** What happens to every request before and after its endpoint: origin, rates, audit. */
public class AccessFilters {

    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");
    private static final Set<String> OWN_SITE = Set.of("same-origin", "none");
    private static final String ENTRY = "io.amalgam.audit";
    private static final int RATES = 100;
    private static final int AUDIT = 200;

    @Inject
    SecurityIdentity identity;

    @Inject
    Callers callers;

    @Inject
    AccessSettings settings;

    @Inject
    RateLimits rates;

    @Inject
    Audit audit;

    @Inject
    Trace trace;

    @Inject
    RoutingContext routing;

    /**
     * Refuses, before anything is looked up, addresses that have tried too many tokens, names under which an open service
     * is not reached by its own user, and changes that another site's page sends with a browser's cookie.
     */
    @ServerRequestFilter(preMatching = true)
    public Response origin(ContainerRequestContext request) {
        HttpServerRequest http = routing.request();
        int wait = rates.blocked(address(routing));
        if (wait > 0) {
            return tooMany("too many wrong tokens came from this address", wait);
        }
        boolean withHeader = http.headers().contains(HttpHeaders.AUTHORIZATION);
        if (settings.open() && !withHeader && !isLoopbackName(http.authority() == null ? "" : http.authority().host())) {
            // A page of another site that has given its own name this address (DNS rebinding).
            return refuse("the service is open on this machine only, and is reached as localhost or 127.0.0.1");
        }
        if (!withHeader && !SAFE.contains(request.getMethod()) && isForeign(http)) {
            return refuse("the request comes from a page of another site");
        }
        return null;
    }

    /** Counts the request against its tenant's rate. */
    @ServerRequestFilter(priority = RATES)
    public Response rate(ResourceInfo endpoint) {
        // Whoever signs in may still have a wrong token, which must not keep the page from it.
        if (endpoint.getResourceClass().isAnnotationPresent(PermitAll.class) || identity.isAnonymous()) {
            return null;
        }
        int wait = rates.request(callers.current().tenant());
        return wait == 0 ? null : tooMany("the tenant sends more requests a minute than it may", wait);
    }

    /** Writes down a change before it is made. */
    @ServerRequestFilter(priority = AUDIT)
    public void begin(ContainerRequestContext request, ResourceInfo endpoint) {
        if (SAFE.contains(request.getMethod())
                || endpoint.getResourceMethod().isAnnotationPresent(Unaudited.class)) {
            return;
        }
        // Webhooks know their callers by secrets of their own.
        Caller caller;
        if (endpoint.getResourceClass().isAnnotationPresent(PermitAll.class)) {
            caller = Caller.of("anonymous", settings.openTenant());
        } else if (identity.isAnonymous()) {
            return;
        } else {
            caller = callers.current();
        }
        String path = request.getUriInfo().getRequestUri().getPath();
        long entry = audit.begin(caller, address(routing),
                request.getMethod().toLowerCase(Locale.ROOT) + " " + endpoint.getResourceMethod().getName(),
                EventCodec.abbreviate(path), trace.context().traceId());
        request.setProperty(ENTRY, entry);
    }

    /** Writes down how a change ended. */
    @ServerResponseFilter
    public void end(ContainerRequestContext request, ContainerResponseContext response) {
        if (request.getProperty(ENTRY) instanceof Long entry) {
            audit.end(entry, response.getStatus());
        }
    }

    /** Returns where a request comes from, as the connection tells it. */
    static String address(RoutingContext routing) {
        return routing.request().remoteAddress() == null ? "unknown" : routing.request().remoteAddress().hostAddress();
    }

    private static boolean isForeign(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null && !OWN_SITE.contains(site)) {
            return true;
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin == null) {
            return false;
        }
        try {
            // HTTP/2 has no Host header; the authority is either's.
            URI page = URI.create(origin);
            HostAndPort own = request.authority();
            return own == null || page.getHost() == null || !page.getHost().equalsIgnoreCase(own.host())
                    || page.getPort() != own.port();
        } catch (IllegalArgumentException malformed) {
            return true;
        }
    }

    private static boolean isLoopbackName(String host) {
        return host.equalsIgnoreCase("localhost") || host.equals("[::1]") || host.equals("::1")
                || host.matches("127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}");
    }

    private static Response refuse(String sentence) {
        return ProblemResponse.of(new AmalgamException(ErrorCode.FORBIDDEN, sentence));
    }

    private static Response tooMany(String sentence, int seconds) {
        return Response.fromResponse(ProblemResponse.of(new AmalgamException(
                        ErrorCode.RATE_LIMITED, sentence + "; try again in " + seconds + " s")))
                .header(jakarta.ws.rs.core.HttpHeaders.RETRY_AFTER, null)
                .header(jakarta.ws.rs.core.HttpHeaders.RETRY_AFTER, seconds)
                .build();
    }
}
