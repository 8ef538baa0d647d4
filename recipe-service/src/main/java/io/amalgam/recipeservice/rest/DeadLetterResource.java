package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.deadletter.DeadLetterQueries;
import io.amalgam.recipeservice.deadletter.DeadLetterView;
import io.amalgam.recipeservice.deadletter.DeadLetters;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Roles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Records that were given up: shown to the tenant whose merge they belong to, replayed and dropped by administrators, who
 * see all.
 */
@Path("/api/dead-letters")
@Tag(name = "Dead letters")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.READ)
public class DeadLetterResource {

    private static final int MOST_LETTERS = 200;
    private static final Set<String> STATES = Set.of("open", "replayed", "dropped");

    private final DeadLetters letters;
    private final DeadLetterQueries queries;
    private final Callers callers;

    /** Takes what letters are found and decided with. */
    public DeadLetterResource(DeadLetters letters, DeadLetterQueries queries, Callers callers) {
        this.letters = letters;
        this.queries = queries;
        this.callers = callers;
    }

    /** A page of letters; {@code next} is the value of {@code before} that gives the next page. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record DeadLetterPage(List<DeadLetterView> deadLetters, Instant next) {
    }

    /** Lists letters, the newest first. */
    @GET
    @RunOnVirtualThread
    @Operation(summary = "List dead letters",
            description = "The newest first; `state` is open, replayed or dropped; `next` goes into `before` for the "
                    + "next page.")
    public DeadLetterPage list(
            @QueryParam("state") String state, @QueryParam("merge") String merge, @QueryParam("before") String before,
            @QueryParam("limit") @DefaultValue("50") int limit) {
        if (state != null && !STATES.contains(state)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "state is \"" + state + "\"; expected open, replayed or dropped");
        }
        int most = Math.clamp(limit, 1, MOST_LETTERS);
        List<DeadLetterView> page = queries.list(callers.current(), state, merge, MergeResource.time("before", before), most);
        return new DeadLetterPage(page, page.size() < most ? null : page.getLast().at());
    }

    /** Shows a letter. */
    @GET
    @Path("/{id}")
    @RunOnVirtualThread
    @Operation(summary = "Show a dead letter", description = "Where the record was, why it was given up, its text.")
    public DeadLetterView show(@PathParam("id") String id) {
        return letters.find(callers.current(), letterId(id));
    }

    /** Publishes a letter's record once more. */
    @POST
    @Path("/{id}/replay")
    @RolesAllowed(Roles.ADMINISTER)
    @RunOnVirtualThread
    @Operation(summary = "Replay a dead letter",
            description = "Publishes the record once more in the partition that it was in, exactly once however often "
                    + "this is asked. 409 if the letter was dropped, or its merge has ended; 404 if the topic no longer "
                    + "has the record.")
    public DeadLetterView replay(@PathParam("id") String id) {
        return letters.replay(letterId(id), callers.current());
    }

    /** Says that nothing is to be done about a letter. */
    @DELETE
    @Path("/{id}")
    @RolesAllowed(Roles.ADMINISTER)
    @RunOnVirtualThread
    @Operation(summary = "Drop a dead letter",
            description = "Nothing is to be done about it; it stays listed as dropped. 409 if it has been replayed.")
    public DeadLetterView drop(@PathParam("id") String id) {
        return letters.drop(letterId(id), callers.current());
    }

    private static UUID letterId(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException malformed) {
            throw new AmalgamException(
                    ErrorCode.NOT_FOUND, "there is no dead letter " + id + "; ids of dead letters are UUIDs");
        }
    }
}
