package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.events.EventCodec;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.live.MergeStream;
import io.amalgam.recipeservice.merge.MergeOrder;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.merge.Plan;
import io.amalgam.recipeservice.merge.Submission;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.security.Unaudited;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ArtifactView;
import io.amalgam.recipeservice.view.ChunkView;
import io.amalgam.recipeservice.view.ComparisonView;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.amalgam.recipeservice.view.ScoreView;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.io.InputStream;
import java.net.URI;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Orders and merges. */
@Path("/api")
@Tag(name = "Merges")
@Produces(MediaType.APPLICATION_JSON)
public class MergeResource {

    private static final int MOST_EVENTS = 200;
    private static final int MOST_MERGES = 200;

    private final Merges merges;
    private final MergeQueries queries;
    private final ArtifactQueries artifacts;
    private final OrderReader orders;
    private final MergeStream stream;
    private final ProjectionSchema schema;
    private final Trace trace;
    private final Callers callers;

    /** Takes what orders and questions are answered with. */
    public MergeResource(
            Merges merges, MergeQueries queries, ArtifactQueries artifacts, OrderReader orders, MergeStream stream,
            ProjectionSchema schema, Trace trace, Callers callers) {
        this.merges = merges;
        this.queries = queries;
        this.artifacts = artifacts;
        this.orders = orders;
        this.stream = stream;
        this.schema = schema;
        this.trace = trace;
        this.callers = callers;
    }

    /** A page of merges; {@code next} is the value of {@code before} that gives the next page. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record MergePage(List<MergeView> merges, Instant next) {
    }

    /**
     * A merge with everything that is known of it: the members of {@link MergeView} and, beside them, its chunks, its
     * newest events, and the artifact that it made.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record MergeDetail(
            @JsonUnwrapped MergeView merge, List<ChunkView> chunkResults, List<MergeEventView> events,
            ArtifactView output, List<ScoreView> scores, List<ComparisonView> comparisons) {
    }

    /** Starts, joins or finds a merge. */
    @POST
    @Path("/merges")
    @RolesAllowed(Roles.SUBMIT)
    @RunOnVirtualThread
    @Consumes({"application/yaml", "application/x-yaml", "text/yaml", "text/plain", MediaType.APPLICATION_JSON})
    @Operation(summary = "Order a merge",
            description = "The body is the recipe (MergeKit's YAML, options in the query) or JSON with the recipe in "
                    + "it. An order for an artifact that a merge is making joins that merge; one for an artifact that "
                    + "exists is answered with it; after a failure or cancellation a new attempt is made.")
    @RequestBody(content = {
        @Content(mediaType = "application/yaml", schema = @Schema(implementation = String.class)),
        @Content(mediaType = "application/json", schema = @Schema(implementation = OrderReader.JsonOrder.class))
    })
    @APIResponse(responseCode = "202", description = "The merge was started or joined; Location is where it is.",
            content = @Content(schema = @Schema(implementation = Submission.class)))
    @APIResponse(responseCode = "200", description = "The artifact exists; Location is where it is.",
            content = @Content(schema = @Schema(implementation = Submission.class)))
    @APIResponse(responseCode = "400", description = "Not a recipe, or a wrong argument.",
            content = @Content(mediaType = ProblemResponse.MEDIA_TYPE,
                    schema = @Schema(implementation = ProblemResponse.class)))
    @APIResponse(responseCode = "422", description = "The recipe cannot be merged; errors lists why.",
            content = @Content(mediaType = ProblemResponse.MEDIA_TYPE,
                    schema = @Schema(implementation = ProblemResponse.class)))
    @APIResponse(responseCode = "503", description = "Kafka, the database or the store does not answer; Retry-After.",
            content = @Content(mediaType = ProblemResponse.MEDIA_TYPE,
                    schema = @Schema(implementation = ProblemResponse.class)))
    public Response submit(
            InputStream body, @Context HttpHeaders headers, @QueryParam("name") String name,
            @QueryParam("seed") Long seed, @QueryParam("shardSize") String shardSize,
            @QueryParam("benchmarks") String benchmarks, @QueryParam("strict") Boolean strict) {
        MergeOrder order = orders.read(body, headers.getMediaType(),
                new OrderReader.QueryOptions(name, seed, shardSize, benchmarks, strict));
        return answer(merges.submit(callers.current(), order, trace.context()));
    }

    /** Checks an order without starting anything: always answered with 200, whether it would be accepted or not. */
    @POST
    @Path("/plans")
    @Unaudited
    @RolesAllowed(Roles.SUBMIT)
    @RunOnVirtualThread
    @Consumes({"application/yaml", "application/x-yaml", "text/yaml", "text/plain", MediaType.APPLICATION_JSON})
    @Operation(summary = "Check a recipe",
            description = "The preflight alone: every error at once with its line, or what the merge would cost.")
    @RequestBody(content = {
        @Content(mediaType = "application/yaml", schema = @Schema(implementation = String.class)),
        @Content(mediaType = "application/json", schema = @Schema(implementation = OrderReader.JsonOrder.class))
    })
    public Plan plan(
            InputStream body, @Context HttpHeaders headers, @QueryParam("name") String name,
            @QueryParam("seed") Long seed, @QueryParam("shardSize") String shardSize,
            @QueryParam("benchmarks") String benchmarks, @QueryParam("strict") Boolean strict) {
        return merges.plan(callers.current(), orders.read(body, headers.getMediaType(),
                new OrderReader.QueryOptions(name, seed, shardSize, benchmarks, strict)));
    }

    /** Lists merges, the newest first. */
    @GET
    @Path("/merges")
    @RolesAllowed(Roles.READ)
    @Operation(summary = "List merges", description = "The newest first; `next` goes into `before` for the next page.")
    public MergePage list(
            @QueryParam("state") String state, @QueryParam("before") String before,
            @QueryParam("limit") @DefaultValue("50") int limit) {
        schema.ensure();
        int most = Math.clamp(limit, 1, MOST_MERGES);
        List<MergeView> page = queries.list(callers.current(), state, time("before", before), most);
        return new MergePage(page, page.size() < most ? null : page.getLast().requestedAt());
    }

    /** Tells everything about a merge. */
    @GET
    @Path("/merges/{id}")
    @RolesAllowed(Roles.READ)
    @Operation(summary = "Show a merge", description = "State, progress, chunks, newest events, artifact and scores.")
    public MergeDetail show(@PathParam("id") String id) {
        Caller caller = callers.current();
        MergeView merge = merges.find(caller, mergeId(id));
        boolean complete = merge.state().equals("completed");
        return new MergeDetail(
                merge, queries.chunks(merge.id()), queries.newestEvents(caller, merge.id(), MOST_EVENTS),
                complete ? artifacts.find(caller, merge.artifact()).orElse(null) : null,
                complete ? artifacts.scores(merge.artifact()) : null,
                complete ? artifacts.comparisons(merge.artifact()) : null);
    }

    /** Asks that a merge end. */
    @DELETE
    @Path("/merges/{id}")
    @RolesAllowed(Roles.SUBMIT)
    @RunOnVirtualThread
    @Operation(summary = "Cancel a merge",
            description = "Work stops within seconds; the merge ends as cancelled unless it completes or fails first. "
                    + "Where it has completed, the evaluation of its artifact is cancelled, if that still runs; where that "
                    + "has ended too, nothing changes.")
    @APIResponse(responseCode = "202", description = "The cancellation was published.")
    @APIResponse(responseCode = "200", description = "The merge had ended before; its evaluation may be ending now.")
    public Response cancel(@PathParam("id") String id, @QueryParam("reason") @DefaultValue("") String reason) {
        UUID merge = mergeId(id);
        Caller caller = callers.current();
        boolean ended = merges.find(caller, merge).terminal();
        MergeView view = merges.cancel(caller, merge, EventCodec.abbreviate(reason), trace.context());
        return (ended ? Response.ok(view) : Response.accepted(view)).build();
    }

    /** Begins a new attempt. */
    @POST
    @Path("/merges/{id}/retry")
    @RolesAllowed(Roles.SUBMIT)
    @RunOnVirtualThread
    @Operation(summary = "Try a merge again",
            description = "A new attempt at what a failed or cancelled merge was to make, from the same pinned recipe: "
                    + "shards that were finished are not made again. Joins an attempt that runs already.")
    @APIResponse(responseCode = "202", description = "The attempt was started or joined; Location is where it is.",
            content = @Content(schema = @Schema(implementation = Submission.class)))
    @APIResponse(responseCode = "200", description = "The artifact exists meanwhile; Location is where it is.")
    @APIResponse(responseCode = "409", description = "The merge runs, or has completed.",
            content = @Content(mediaType = ProblemResponse.MEDIA_TYPE,
                    schema = @Schema(implementation = ProblemResponse.class)))
    public Response retry(@PathParam("id") String id) {
        return answer(merges.retry(callers.current(), mergeId(id), trace.context()));
    }

    private static Response answer(Submission submission) {
        return switch (submission.outcome()) {
            case STARTED, JOINED -> Response.accepted(submission)
                    .location(URI.create("/api/merges/" + submission.id()))
                    .build();
            case COMPLETE -> Response.ok(submission)
                    .location(URI.create("/api/artifacts/" + submission.artifact()))
                    .build();
        };
    }

    /** Streams a merge's events. */
    @GET
    @Path("/merges/{id}/events")
    @RolesAllowed(Roles.READ)
    @RunOnVirtualThread
    @Produces(MediaType.SERVER_SENT_EVENTS)
    @Operation(summary = "Watch a merge",
            description = "Server-sent events. First `snapshot` with the merge as it is; then each later event with "
                    + "its number as id. With Last-Event-ID (or ?after=) exactly the events behind that number follow "
                    + "the snapshot. `end` is the last: nothing more will happen.")
    public void events(
            @PathParam("id") String id, @HeaderParam("Last-Event-ID") String lastEventId,
            @QueryParam("after") String after, @Context SseEventSink sink, @Context Sse sse) {
        UUID merge = mergeId(id);
        Caller caller = callers.current();
        merges.find(caller, merge);
        stream.follow(caller, merge, lastEventId == null ? after : lastEventId, sink, sse);
    }

    /** Reads a merge's id. */
    static UUID mergeId(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException malformed) {
            throw new AmalgamException(ErrorCode.NOT_FOUND, "there is no merge " + id + "; ids of merges are UUIDs");
        }
    }

    /** Reads a time of the query, or null. */
    static Instant time(String name, String value) {
        if (value == null) {
            return null;
        }
        try {
            return Instant.parse(value);
        } catch (DateTimeParseException malformed) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    name + " is \"" + value + "\"; expected a time such as 2026-01-31T12:00:00Z", malformed);
        }
    }
}
