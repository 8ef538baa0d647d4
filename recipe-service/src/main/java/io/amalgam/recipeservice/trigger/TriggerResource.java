package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Roles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Triggers of the caller's tenant: recipes with a condition. Administrators see all. */
@Path("/api/triggers")
@Tag(name = "Triggers")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@RolesAllowed(Roles.READ)
public class TriggerResource {

    private static final int LONGEST_BODY = 1 << 20;

    private final Triggers triggers;
    private final Callers callers;
    private final ObjectMapper mapper;

    /** Takes what keeps triggers. */
    public TriggerResource(Triggers triggers, Callers callers, ObjectMapper mapper) {
        this.triggers = triggers;
        this.callers = callers;
        this.mapper = mapper;
    }

    /** A list of triggers. */
    public record TriggerList(List<TriggerView> triggers) {
    }

    /** Makes a trigger. */
    @POST
    @RolesAllowed(Roles.SUBMIT)
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Make a trigger",
            description = "A recipe with a condition: a schedule, a new revision of a model, an object in a bucket, or "
                    + "a CloudEvent. `problems` tells what the recipe's preflight says now.")
    @RequestBody(content = @Content(mediaType = "application/json",
            schema = @Schema(implementation = TriggerOrder.class)))
    @APIResponse(responseCode = "201", description = "The trigger watches; `Location` is it.")
    @APIResponse(responseCode = "400", description = "Something in it is wrong; `detail` says what is expected.")
    @APIResponse(responseCode = "403", description = "Its bucket is none that the tenant's recipes may name.")
    @APIResponse(responseCode = "422", description = "Its recipe is none, or the address that it tells is not called.")
    @APIResponse(responseCode = "429", description = "The tenant has as many triggers as it may.")
    public Response create(String body) {
        Triggers.Created created = triggers.create(callers.current(), order(body));
        return Response.created(URI.create("/api/triggers/" + created.trigger().id())).entity(created).build();
    }

    /** Lists triggers. */
    @GET
    @Operation(summary = "List triggers", description = "By name, each with its newest firings.")
    public TriggerList list() {
        return new TriggerList(triggers.list(callers.current()));
    }

    /** Shows a trigger. */
    @GET
    @Path("/{id}")
    @Operation(summary = "Show a trigger", description = "Its condition, its newest firings, what could not be sent.")
    public TriggerView show(@PathParam("id") String id) {
        return triggers.find(callers.current(), triggerId(id));
    }

    /** Fires a trigger by hand. */
    @POST
    @Path("/{id}/fire")
    @RolesAllowed(Roles.SUBMIT)
    @Operation(summary = "Fire a trigger", description = "As if its condition had come true.")
    @APIResponse(responseCode = "202", description = "It starts when its debounce time is over.")
    public Response fire(@PathParam("id") String id) {
        return Response.accepted(triggers.fire(callers.current(), triggerId(id))).build();
    }

    /** Removes a trigger. */
    @DELETE
    @Path("/{id}")
    @RolesAllowed(Roles.SUBMIT)
    @Operation(summary = "Remove a trigger", description = "What it started goes on.")
    @APIResponse(responseCode = "204", description = "It is gone.")
    public Response delete(@PathParam("id") String id) {
        triggers.delete(callers.current(), triggerId(id));
        return Response.noContent().build();
    }

    private TriggerOrder order(String body) {
        if (body.length() > LONGEST_BODY) {
            throw new AmalgamException(ErrorCode.REQUEST_TOO_LARGE,
                    "the body has more than " + LONGEST_BODY + " characters; a trigger is far shorter");
        }
        try {
            TriggerOrder order = mapper.readerFor(TriggerOrder.class)
                    .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readValue(body);
            if (order == null) {
                throw new AmalgamException(ErrorCode.ARGUMENT_INVALID, "the body is empty; expected a trigger as JSON");
            }
            return order;
        } catch (JsonProcessingException malformed) {
            if (malformed.getCause() instanceof AmalgamException refusal) {
                throw refusal;
            }
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "the body is not a trigger: " + malformed.getOriginalMessage()
                            + "; expected {\"name\", \"recipe\", \"condition\": {\"type\", …}, \"options\", "
                            + "\"debounceSeconds\", \"notification\"}", malformed);
        }
    }

    private static UUID triggerId(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException malformed) {
            throw new AmalgamException(ErrorCode.NOT_FOUND, "there is no trigger " + id + "; ids of triggers are UUIDs");
        }
    }
}
