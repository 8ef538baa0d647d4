package io.amalgam.recipeservice.page;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.rest.ArtifactFiles;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ArtifactView;
import io.amalgam.recipeservice.view.ComparisonQueries;
import io.amalgam.recipeservice.view.ComparisonView;
import io.amalgam.recipeservice.view.LayerReports;
import io.amalgam.recipeservice.view.Leaderboard;
import io.amalgam.recipeservice.view.LeaderboardQueries;
import io.amalgam.recipeservice.view.Lineage;
import io.amalgam.recipeservice.view.LineageQueries;
import io.amalgam.recipeservice.view.ModelComparison;
import io.amalgam.recipeservice.view.ScoreView;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The pages of models: artifacts, the leaderboard, comparisons, layers, lineage. */
@Path("/")
@Produces(MediaType.TEXT_HTML)
@Blocking
@RolesAllowed(Roles.READ)
public class ModelPages {

    private static final int LISTED = 100;
    /** Questions shown of each task when two models are compared. */
    private static final int QUESTIONS = 25;

    private final ArtifactQueries artifacts;
    private final ArtifactFiles files;
    private final LeaderboardQueries leaderboards;
    private final LineageQueries lineages;
    private final ComparisonQueries comparisons;
    private final LayerReports reports;
    private final ArtifactStore store;
    private final ProjectionSchema schema;
    private final Callers callers;

    /** Takes what pages show. */
    public ModelPages(
            ArtifactQueries artifacts, ArtifactFiles files, LeaderboardQueries leaderboards, LineageQueries lineages,
            ComparisonQueries comparisons, LayerReports reports, ArtifactStore store, ProjectionSchema schema,
            Callers callers) {
        this.artifacts = artifacts;
        this.files = files;
        this.leaderboards = leaderboards;
        this.lineages = lineages;
        this.comparisons = comparisons;
        this.reports = reports;
        this.store = store;
        this.schema = schema;
        this.callers = callers;
    }

    /** Every parameter of a template, checked when the service is built. */
    @CheckedTemplate(basePath = "pages")
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance artifacts(List<ArtifactView> artifacts);

        static native TemplateInstance artifact(
                ArtifactView artifact, String place, List<ArtifactFiles.FileView> files, String card,
                List<ScoreView> scores, List<ComparisonView> comparisons, LineageGraph graph);

        static native TemplateInstance leaderboard(Leaderboard board);

        static native TemplateInstance compare(
                ModelComparison comparison, String refusal, List<Leaderboard.Row> models, String first, String second);

        static native TemplateInstance layers(ArtifactView artifact, LayerMap map, LayerReports.Progress progress);

        static native TemplateInstance lineage(LineageGraph graph);
    }

    /** What has been made. */
    @GET
    @Path("artifacts")
    @Operation(hidden = true)
    public Response artifacts() {
        schema.ensure();
        return HtmlResponse.page(Templates.artifacts(artifacts.list(callers.current(), null, LISTED)));
    }

    /** An artifact: its files and how to load them, its scores, where it comes from. */
    @GET
    @Path("artifacts/{id}")
    @Operation(hidden = true)
    public Response artifact(@PathParam("id") String id) {
        schema.ensure();
        Optional<ArtifactView> artifact = artifacts.find(callers.current(), id);
        if (artifact.isEmpty()) {
            return HtmlResponse.missing(null, "There is no artifact " + id + ".");
        }
        Lineage lineage = lineages.lineage(callers.current(), id).orElse(new Lineage(id, List.of(), List.of()));
        return HtmlResponse.page(Templates.artifact(artifact.get(), store.artifactLocation(id), filesOf(id),
                files.card(id).orElse(null), artifacts.scores(id), artifacts.comparisons(id),
                LineageGraph.of(lineage, leaderboards.leaderboard(callers.current(), Set.of(), null))));
    }

    /** Every model's scores. */
    @GET
    @Path("leaderboard")
    @Operation(hidden = true)
    public Response leaderboard() {
        schema.ensure();
        return HtmlResponse.page(Templates.leaderboard(leaderboards.leaderboard(callers.current(), Set.of(), null)));
    }

    /** Two models, question by question. */
    @GET
    @Path("compare")
    @Operation(hidden = true)
    public Response compare(@QueryParam("first") String first, @QueryParam("second") String second) {
        schema.ensure();
        List<Leaderboard.Row> models = leaderboards.leaderboard(callers.current(), Set.of(), null).rows();
        ModelComparison comparison = null;
        String refusal = null;
        if (first != null && second != null) {
            try {
                comparison = comparisons.compare(callers.current(), first, second, null, QUESTIONS);
            } catch (AmalgamException failure) {
                if (failure.code().transientFailure()) {
                    throw failure;
                }
                refusal = failure.getMessage();
            }
        }
        return HtmlResponse.page(Templates.compare(
                comparison, refusal, models, first == null ? "" : first, second == null ? "" : second));
    }

    /** How an artifact's models lie to each other, layer by layer. */
    @GET
    @Path("layers/{id}")
    @Operation(hidden = true)
    public Response layers(@PathParam("id") String id, @QueryParam("show") String show) {
        schema.ensure();
        Optional<ArtifactView> artifact = artifacts.find(callers.current(), id);
        if (artifact.isEmpty()) {
            return HtmlResponse.missing(null, "There is no artifact " + id + ".");
        }
        LayerMap map = reports.find(id).map(report -> LayerMap.of(report, show == null ? "" : show)).orElse(null);
        return HtmlResponse.page(Templates.layers(artifact.get(), map, reports.progress(id).orElse(null)));
    }

    /** Where everything comes from. */
    @GET
    @Path("lineage")
    @Operation(hidden = true)
    public Response lineage() {
        schema.ensure();
        return HtmlResponse.page(Templates.lineage(
                LineageGraph.of(lineages.everything(callers.current()), leaderboards.leaderboard(callers.current(), Set.of(), null))));
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
}
