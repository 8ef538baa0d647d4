package io.amalgam.recipeservice.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.method.MethodParameter;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.merge.Merges;
import io.amalgam.recipeservice.page.RecipeTemplates;
import io.amalgam.recipeservice.security.Caller;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Quotas;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.view.ArtifactQueries;
import io.amalgam.recipeservice.view.ArtifactView;
import io.amalgam.recipeservice.view.ComparisonQueries;
import io.amalgam.recipeservice.view.KnownModels;
import io.amalgam.recipeservice.view.LayerReports;
import io.amalgam.recipeservice.view.LineQueries;
import io.amalgam.recipeservice.view.LineView;
import io.amalgam.recipeservice.view.Lineage;
import io.amalgam.recipeservice.view.LineageQueries;
import io.amalgam.recipeservice.view.MergeView;
import io.amalgam.recipeservice.view.ModelComparison;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What recipes are written from, and what the line knows of itself: methods, models, workers, comparisons. */
@Path("/api")
@Tag(name = "Catalogue")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@RolesAllowed(Roles.READ)
public class CatalogResource {

    private static final int MOST_QUESTIONS = 1000;

    private final Merges merges;
    private final PinnedRecipes pinnedRecipes;
    private final ArtifactQueries artifacts;
    private final KnownModels models;
    private final ComparisonQueries comparisons;
    private final LayerReports reports;
    private final LineQueries line;
    private final LineageQueries lineages;
    private final ProjectionSchema schema;
    private final Quotas quotas;
    private final Callers callers;

    /** Takes what questions are answered with. */
    public CatalogResource(
            Merges merges, PinnedRecipes pinnedRecipes, ArtifactQueries artifacts, KnownModels models,
            ComparisonQueries comparisons, LayerReports reports, LineQueries line, LineageQueries lineages,
            ProjectionSchema schema, Quotas quotas, Callers callers) {
        this.merges = merges;
        this.pinnedRecipes = pinnedRecipes;
        this.artifacts = artifacts;
        this.models = models;
        this.comparisons = comparisons;
        this.reports = reports;
        this.line = line;
        this.lineages = lineages;
        this.schema = schema;
        this.quotas = quotas;
        this.callers = callers;
    }

    /**
     * A merge method.
     *
     * @param name that recipes use
     * @param summary one sentence
     * @param formula in plain text
     * @param paper that defines it
     * @param models how many, in words
     * @param base {@code required}, {@code optional}, or {@code ordinary input}
     * @param parameters that it takes
     * @param template a recipe to start from
     */
    public record Method(
            String name, String summary, String formula, String paper, String models, String base,
            List<Parameter> parameters, String template) {
    }

    /** A parameter of a method; {@code value} is its default, or null. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Parameter(
            String name, String type, String scope, boolean required, Object value, String description) {
    }

    /** The merge methods with their parameters, each with a recipe to start from on models that are known here. */
    @GET
    @Path("/methods")
    @Operation(summary = "List the merge methods", description = "With parameters and a recipe to start from.")
    public List<Method> methods() {
        schema.ensure();
        List<String> names = RecipeTemplates.order(models.list(callers.current()).stream().map(KnownModels.Known::name).toList());
        return MergeMethods.all().stream().map(method -> view(method, names)).toList();
    }

    /** The models that a recipe can name here. */
    @GET
    @Path("/models")
    @Operation(summary = "List known models",
            description = "Folders under the models' root, and what earlier merges were made of.")
    public List<KnownModels.Known> models() {
        schema.ensure();
        return models.list(callers.current());
    }

    /** The recipe of a merge as it was written. */
    @GET
    @Path("/merges/{id}/recipe")
    @Produces("application/yaml;charset=UTF-8")
    @Operation(summary = "The recipe of a merge", description = "As it was written, for running it again with changes.")
    public String recipe(@PathParam("id") String id) {
        Caller caller = callers.current();
        MergeView merge = merges.find(caller, MergeResource.mergeId(id));
        // It calls models by the words of who wrote it.
        quotas.requireStarter(caller, merge.id());
        return pinnedRecipes.of(merge)
                .map(PinnedRecipe::recipe)
                .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND,
                        "the store does not have the recipe of merge " + id + " any more"));
    }

    /** Compares two models. */
    @GET
    @Path("/compare")
    @Operation(summary = "Compare two models",
            description = "Artifacts of the tenant, or what they were made of: paired, on the questions that both have "
                    + "answered; `questions` asks for those on which they differ.")
    public ModelComparison compare(
            @QueryParam("first") String first, @QueryParam("second") String second, @QueryParam("task") String task,
            @QueryParam("questions") @DefaultValue("0") int questions) {
        schema.ensure();
        if (first == null || second == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "compare needs first and second; each is an artifact's key or a model's identity");
        }
        return comparisons.compare(callers.current(), first, second, task, Math.clamp(questions, 0, MOST_QUESTIONS));
    }

    /** Tells how much waits, what of the caller's runs, and who works. */
    @GET
    @Path("/line")
    @Operation(summary = "The line",
            description = "How much waits, the workers that were heard of lately, and the tenant's merges and evaluations "
                    + "that run.")
    public LineView line() {
        schema.ensure();
        return line.line(callers.current());
    }

    /** Shows how the models of an artifact lie to their base and to each other. */
    @GET
    @Path("/artifacts/{id}/report")
    @Operation(summary = "The layers of an artifact's models",
            description = "Task vectors, angles and conflicts of sign, by layer and module, once somebody has asked for it.")
    @APIResponse(responseCode = "202", description = "It is being made; ask again.")
    @APIResponse(responseCode = "404", description = "Nobody has asked for it; POST does.")
    public Response report(@PathParam("id") String id) {
        requireVisible(id);
        return reports.find(id)
                .map(report -> Response.ok(report).build())
                .orElseGet(() -> reports.progress(id)
                        .filter(progress -> progress.failure() == null)
                        .map(progress -> Response.accepted(progress).build())
                        .orElseThrow(() -> new AmalgamException(ErrorCode.NOT_FOUND, "the models of artifact " + id
                                + " have not been compared; POST to this address compares them")));
    }

    /** Begins to compare the models of an artifact. */
    @POST
    @Path("/artifacts/{id}/report")
    @RolesAllowed(Roles.SUBMIT)
    @Operation(summary = "Compare an artifact's models layer by layer",
            description = "Reads all their weights once, in the background.")
    @APIResponse(responseCode = "202", description = "It is being made.")
    @APIResponse(responseCode = "200", description = "It was made before.")
    public Response makeReport(@PathParam("id") String id) {
        requireVisible(id);
        if (reports.find(id).isPresent()) {
            return Response.ok(new LayerReports.Progress(0, 0, null)).build();
        }
        schema.ensure();
        ArtifactView artifact = artifacts.find(callers.current(), id).orElseThrow(() -> ArtifactFiles.unknown(id));
        reports.start(id, merges.find(Caller.LINE, artifact.merge()).bytesToRead());
        return Response.accepted(reports.progress(id).orElse(new LayerReports.Progress(0, 0, null))).build();
    }

    /** The lineage of everything. */
    @GET
    @Path("/lineage")
    @Operation(summary = "Lineage of all artifacts", description = "Every model, and what was made of it.")
    public Lineage lineage() {
        schema.ensure();
        return lineages.everything(callers.current());
    }

    private void requireVisible(String artifact) {
        if (!quotas.isGranted(callers.current(), artifact)) {
            throw ArtifactFiles.unknown(artifact);
        }
    }

    private static Method view(MergeMethod method, List<String> models) {
        String base = switch (method.inputs().base()) {
            case REQUIRED -> "required";
            case OPTIONAL -> "optional";
            case ORDINARY_INPUT -> "ordinary input";
        };
        return new Method(method.name(), method.summary(), method.formula(), method.paper(),
                method.inputs().inWords(), base,
                method.parameters().stream().map(CatalogResource::view).toList(),
                RecipeTemplates.recipe(method, models));
    }

    private static Parameter view(MethodParameter parameter) {
        return new Parameter(parameter.name(), parameter.type().name().toLowerCase(Locale.ROOT),
                parameter.scope() == MethodParameter.Scope.SHARED ? "shared" : "each model", parameter.required(),
                parameter.defaultValue(), parameter.description());
    }
}
