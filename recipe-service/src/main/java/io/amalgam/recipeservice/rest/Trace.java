package io.amalgam.recipeservice.rest;

import io.amalgam.events.TraceContext;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import org.jboss.logging.MDC;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/** The W3C trace that a request belongs to: taken from its header or begun here, and told in the response. */
@RequestScoped
public class Trace {

    private TraceContext context = TraceContext.start();

    /** Returns what events of this request carry. */
    public TraceContext context() {
        return context;
    }

    /** Belongs to the trace of a header's value, or stays in a new one if there is none. */
    void continueFrom(String traceparent) {
        context = TraceContext.of(traceparent);
        MDC.put(TraceContext.LOG_KEY, context.traceId());
    }

    /** Reads and writes the header. */
    public static class Filters {

        @Inject
        Trace trace;

        /** Continues the client's trace. */
        @ServerRequestFilter
        public void request(ContainerRequestContext request) {
            trace.continueFrom(request.getHeaderString(TraceContext.HEADER));
        }

        /** Tells the client which trace it was. */
        @ServerResponseFilter
        public void response(ContainerResponseContext response) {
            response.getHeaders().putSingle(TraceContext.HEADER, trace.context().traceparent());
        }
    }
}
