package io.amalgam.recipeservice.page;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.rest.ArtifactFiles;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ArtifactView;
import io.amalgam.recipeservice.view.ChunkView;
import io.amalgam.recipeservice.view.ComparisonView;
import io.amalgam.recipeservice.view.Leaderboard;
import io.amalgam.recipeservice.view.LeaderboardQueries;
import io.amalgam.recipeservice.view.Lineage;
import io.amalgam.recipeservice.view.LineageQueries;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.amalgam.recipeservice.view.ScoreView;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The pages: readable as they come from the server; a script keeps them up to date and checks recipes as they are typed. */
@Path("/")
@Produces(MediaType.TEXT_HTML)
@Blocking
public class Pages {

    private static final int LISTED = 50;
    private static final int EVENTS = 50;
    /** Scripts, styles and connections of our own only: what a recipe's name says is never run. */
    private static final String CONTENT_POLICY =
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    private final Merges merges;
    private final MergeQueries mergeQueries;
    private final ArtifactQueries artifacts;
    private final ArtifactFiles files;
    private final LeaderboardQueries leaderboards;
    private final LineageQueries lineages;
    private final ArtifactStore store;
    private final ProjectionSchema schema;

    /** Takes what pages show. */
    public Pages(
            Merges merges, MergeQueries mergeQueries, ArtifactQueries artifacts, ArtifactFiles files,
            LeaderboardQueries leaderboards, LineageQueries lineages, ArtifactStore store, ProjectionSchema schema) {
        this.merges = merges;
        this.mergeQueries = mergeQueries;
        this.artifacts = artifacts;
        this.files = files;
        this.leaderboards = leaderboards;
        this.lineages = lineages;
        this.store = store;
        this.schema = schema;
    }

    /** A cell of the strip of chunks. */
    public record Cell(int index, String state) {
    }

    /** Every parameter of a template, checked when the service is built. */
    @CheckedTemplate
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance index(List<MergeView> merges);

        static native TemplateInstance merge(MergeView merge, List<Cell> cells, List<MergeEventView> events);

        static native TemplateInstance artifacts(List<ArtifactView> artifacts);

        static native TemplateInstance artifact(
                ArtifactView artifact, String place, List<ArtifactFiles.FileView> files, List<ScoreView> scores,
                List<ComparisonView> comparisons, List<Lineage.Node> made);

        static native TemplateInstance leaderboard(Leaderboard board);

        static native TemplateInstance missing(String sentence);
    }

    /** A new merge, and the newest ones. */
    @GET
    @Operation(hidden = true)
    public Response index() {
        schema.ensure();
        return page(Templates.index(mergeQueries.list(null, null, LISTED)));
    }

    /** A merge, live. */
    @GET
    @Path("merges/{id}")
    @Operation(hidden = true)
    public Response merge(@PathParam("id") String id) {
        schema.ensure();
        MergeView merge;
        try {
            merge = merges.find(UUID.fromString(id));
        } catch (IllegalArgumentException | AmalgamException unknown) {
            return missing(unknown, "There is no merge " + id + ".");
        }
        return page(Templates.merge(
                merge, cells(merge, mergeQueries.chunks(merge.id())),
                mergeQueries.newestEvents(merge.id(), EVENTS).reversed()));
    }

    /** What has been made. */
    @GET
    @Path("artifacts")
    @Operation(hidden = true)
    public Response artifacts() {
        schema.ensure();
        return page(Templates.artifacts(artifacts.list(null, LISTED)));
    }

    /** An artifact: its files and how to load them, its scores, where it comes from. */
    @GET
    @Path("artifacts/{id}")
    @Operation(hidden = true)
    public Response artifact(@PathParam("id") String id) {
        schema.ensure();
        ArtifactView artifact = artifacts.find(id).orElse(null);
        if (artifact == null) {
            return missing(null, "There is no artifact " + id + ".");
        }
        List<Lineage.Node> made = lineages.lineage(id).map(lineage -> madeOf(lineage, id)).orElse(List.of());
        return page(Templates.artifact(artifact, store.artifactLocation(id), filesOf(id), artifacts.scores(id),
                artifacts.comparisons(id), made));
    }

    /** Every model's scores. */
    @GET
    @Path("leaderboard")
    @Operation(hidden = true)
    public Response leaderboard() {
        schema.ensure();
        return page(Templates.leaderboard(leaderboards.leaderboard(Set.of(), null)));
    }

    /** The files, or none if the artifact was removed from the store behind our back. */
    private List<ArtifactFiles.FileView> filesOf(String artifact) {
        try {
            return files.list(artifact);
        } catch (AmalgamException gone) {
            if (gone.code() == ErrorCode.NOT_FOUND) {
                return List.of();
            }
            throw gone;
        }
    }

    private static List<Lineage.Node> madeOf(Lineage lineage, String artifact) {
        List<String> made = lineage.edges().stream()
                .filter(edge -> edge.from().equals(artifact))
                .map(Lineage.Edge::to)
                .toList();
        return lineage.models().stream().filter(node -> made.contains(node.id())).toList();
    }

    private static List<Cell> cells(MergeView merge, List<ChunkView> chunks) {
        String[] states = new String[merge.chunks()];
        for (ChunkView chunk : chunks) {
            if (chunk.index() < states.length) {
                states[chunk.index()] = chunk.state();
            }
        }
        List<Cell> cells = new ArrayList<>(states.length);
        for (int index = 0; index < states.length; index++) {
            String known = states[index] == null ? "waiting" : states[index];
            // Results of chunks expire; a merge that completed has them all.
            cells.add(new Cell(index, merge.state().equals("completed") ? "completed" : known));
        }
        return cells;
    }

    private static Response missing(RuntimeException reason, String sentence) {
        if (reason instanceof AmalgamException failure && failure.code() != ErrorCode.NOT_FOUND) {
            throw failure;
        }
        return Response.fromResponse(page(Templates.missing(sentence))).status(Response.Status.NOT_FOUND).build();
    }

    private static Response page(TemplateInstance template) {
        return Response.ok(template)
                .header("Content-Security-Policy", CONTENT_POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .header("Referrer-Policy", "same-origin")
                .build();
    }
}
