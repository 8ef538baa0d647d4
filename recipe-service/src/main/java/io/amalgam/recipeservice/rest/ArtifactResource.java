package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.merge.Artifacts;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Quotas;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ArtifactView;
import io.amalgam.recipeservice.view.ComparisonView;
import io.amalgam.recipeservice.view.Leaderboard;
import io.amalgam.recipeservice.view.LeaderboardQueries;
import io.amalgam.recipeservice.view.Lineage;
import io.amalgam.recipeservice.view.LineageQueries;
import io.amalgam.recipeservice.view.ScoreView;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Artifacts, their files and scores, and how they hang together. */
@Path("/api")
@Tag(name = "Artifacts")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.READ)
public class ArtifactResource {

    private static final int MOST_ARTIFACTS = 200;

    private final ArtifactQueries artifacts;
    private final ArtifactFiles files;
    private final LeaderboardQueries leaderboards;
    private final LineageQueries lineages;
    private final ArtifactStore store;
    private final ProjectionSchema schema;
    private final Quotas quotas;
    private final Callers callers;
    private final Artifacts deletion;
    private final Trace trace;

    /** Takes what questions are answered with. */
    public ArtifactResource(
            ArtifactQueries artifacts, ArtifactFiles files, LeaderboardQueries leaderboards, LineageQueries lineages,
            ArtifactStore store, ProjectionSchema schema, Quotas quotas, Callers callers, Artifacts deletion, Trace trace) {
        this.artifacts = artifacts;
        this.files = files;
        this.leaderboards = leaderboards;
        this.lineages = lineages;
        this.store = store;
        this.schema = schema;
        this.quotas = quotas;
        this.callers = callers;
        this.deletion = deletion;
        this.trace = trace;
    }

    /** A page of artifacts; {@code next} is the value of {@code before} that gives the next page. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ArtifactPage(List<ArtifactView> artifacts, Instant next) {
    }

    /**
     * An artifact with everything that is known of it: the members of {@link ArtifactView} and, beside them, its files
     * and scores; {@code place} is where a person finds it.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ArtifactDetail(
            @JsonUnwrapped ArtifactView artifact, String place, List<ArtifactFiles.FileView> files, List<ScoreView> scores,
            List<ComparisonView> comparisons) {
    }

    /** Lists artifacts, the newest first. */
    @GET
    @Path("/artifacts")
    @Operation(summary = "List artifacts", description = "The newest first; `next` goes into `before`.")
    public ArtifactPage list(
            @QueryParam("before") String before, @QueryParam("limit") @DefaultValue("50") int limit) {
        schema.ensure();
        int most = Math.clamp(limit, 1, MOST_ARTIFACTS);
        List<ArtifactView> page = artifacts.list(callers.current(), MergeResource.time("before", before), most);
        return new ArtifactPage(page, page.size() < most ? null : page.getLast().completedAt());
    }

    /** Tells everything about an artifact. */
    @GET
    @Path("/artifacts/{id}")
    @RunOnVirtualThread
    @Operation(summary = "Show an artifact", description = "Its models, files with digests, scores and comparisons.")
    public ArtifactDetail show(@PathParam("id") String id) {
        schema.ensure();
        ArtifactView artifact = artifacts.find(callers.current(), id).orElseGet(() -> {
            requireVisible(id);
            return files.describe(id);
        });
        return new ArtifactDetail(artifact, store.artifactLocation(id), files.list(id), artifacts.scores(id),
                artifacts.comparisons(id));
    }

    /** Deletes an artifact. */
    @DELETE
    @Path("/artifacts/{id}")
    @RolesAllowed(Roles.SUBMIT)
    @RunOnVirtualThread
    @Operation(summary = "Delete an artifact",
            description = "Refused while another artifact was made of it, or a merge or an evaluation uses it. What "
                    + "other tenants have ordered too stays for them.")
    @APIResponse(responseCode = "204", description = "The artifact does not exist any more.")
    @APIResponse(responseCode = "404", description = "There is no such artifact.")
    @APIResponse(responseCode = "409", description = "Something uses it; the problem says what.")
    public void delete(@PathParam("id") String id, @QueryParam("reason") @DefaultValue("") String reason) {
        requireVisible(id);
        deletion.delete(id, callers.current(), reason, trace.context());
    }

    /** Sends a file of an artifact, or a range of it. */
    @GET
    @Path("/artifacts/{id}/files/{name}")
    @RunOnVirtualThread
    @Produces(MediaType.WILDCARD)
    @Operation(summary = "Download a file", description = "Single byte ranges are honoured; the ETag is the SHA-256.")
    @APIResponse(responseCode = "200", description = "The whole file.")
    @APIResponse(responseCode = "206", description = "The range that was asked for.")
    @APIResponse(responseCode = "416", description = "The range lies outside of the file.")
    public Response file(
            @PathParam("id") String id, @PathParam("name") String name, @HeaderParam("Range") String range,
            @HeaderParam("If-Range") String ifRange, @HeaderParam("If-None-Match") String ifNoneMatch) {
        requireVisible(id);
        return files.response(id, name, range, ifRange, ifNoneMatch, true);
    }

    /** Tells length and digest of a file. */
    @HEAD
    @Path("/artifacts/{id}/files/{name}")
    @RunOnVirtualThread
    @Produces(MediaType.WILDCARD)
    @Operation(hidden = true)
    public Response fileHead(@PathParam("id") String id, @PathParam("name") String name) {
        requireVisible(id);
        return files.response(id, name, null, null, null, false);
    }

    /** Ranks models by their scores. */
    @GET
    @Path("/leaderboard")
    @Operation(summary = "Leaderboard",
            description = "Every model with scores, the best average first; with standard errors, questions, chance, "
                    + "and the difference of each artifact to the best of its parents.")
    public Leaderboard leaderboard(@QueryParam("tasks") String tasks, @QueryParam("artifact") String artifact) {
        schema.ensure();
        return leaderboards.leaderboard(callers.current(), names(tasks), artifact);
    }

    /** Follows an artifact to its parents and to what was made of it. */
    @GET
    @Path("/lineage/{artifact}")
    @Operation(summary = "Lineage", description = "The models an artifact was made of, and what was made of it.")
    public Lineage lineage(@PathParam("artifact") String artifact) {
        schema.ensure();
        return lineages.lineage(callers.current(), artifact).orElseThrow(() -> ArtifactFiles.unknown(artifact));
    }

    /** An artifact is there for those who ordered it; to all others it does not exist. */
    private void requireVisible(String id) {
        if (!quotas.isGranted(callers.current(), id)) {
            throw ArtifactFiles.unknown(id);
        }
    }

    /** Reads a list of names that are separated by commas. */
    static Set<String> names(String text) {
        return text == null ? Set.of() : Arrays.stream(text.split(","))
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
