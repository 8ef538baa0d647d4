package io.amalgam.recipeservice.page;

import io.amalgam.engine.method.MergeMethod;
import io.amalgam.engine.method.MergeMethods;
import io.amalgam.engine.plan.PinnedRecipe;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.rest.PinnedRecipes;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Quotas;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.view.ChunkView;
import io.amalgam.recipeservice.view.KnownModels;
import io.amalgam.recipeservice.view.LineQueries;
import io.amalgam.recipeservice.view.MergeEventView;
import io.amalgam.recipeservice.view.MergeQueries;
import io.amalgam.recipeservice.view.MergeView;
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
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;

/**
 * The pages of merges: the list, a new one, and one as it runs. Readable as they come from the server; a script keeps
 * them up to date and checks recipes as they are typed.
 */
@Path("/")
@Produces(MediaType.TEXT_HTML)
@Blocking
@RolesAllowed(Roles.READ)
public class MergePages {

    private static final int LISTED = 50;
    private static final int EVENTS = 50;
    private static final List<String> STATES = List.of("requested", "running", "completed", "failed", "cancelled");

    private final MergeQueries queries;
    private final PinnedRecipes recipes;
    private final KnownModels models;
    private final LineQueries line;
    private final ProjectionSchema schema;
    private final Quotas quotas;
    private final Callers callers;

    /** Takes what pages show. */
    public MergePages(
            MergeQueries queries, PinnedRecipes recipes, KnownModels models, LineQueries line,
            ProjectionSchema schema, Quotas quotas, Callers callers) {
        this.queries = queries;
        this.recipes = recipes;
        this.models = models;
        this.line = line;
        this.schema = schema;
        this.quotas = quotas;
        this.callers = callers;
    }

    /** A cell of the strip of chunks; {@code title} says what it stands for. */
    public record Cell(int index, String state, String title) {
    }

    /** What a worker did for a merge. */
    public record Share(String worker, int chunks, long bytes, long milliseconds) {

        /** Bytes a second of its work. */
        public double rate() {
            return milliseconds == 0 ? 0 : bytes * 1000.0 / milliseconds;
        }
    }

    /**
     * What the form of a new merge begins with.
     *
     * @param recipe text of the editor
     * @param name of the artifact
     * @param benchmarks separated by commas
     * @param seed or an empty text
     * @param shardSize or an empty text
     * @param from the merge that it is run again from, or null
     */
    public record Draft(
            String recipe, String name, String benchmarks, String seed, String shardSize, MergeView from) {
    }

    /** Every parameter of a template, checked when the service is built. */
    @CheckedTemplate(basePath = "pages")
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance merges(List<MergeView> merges, List<String> states, String state, Instant next);

        static native TemplateInstance order(
                Draft draft, List<MergeMethod> methods, List<KnownModels.Known> models, List<String> tasks,
                long bytesPerSecond);

        static native TemplateInstance merge(
                MergeView merge, List<Cell> cells, List<ChunkView> chunks, List<Share> shares,
                List<MergeEventView> events, PinnedRecipe pinned, long timeLeft);
    }

    /** The newest merges. */
    @GET
    @Operation(hidden = true)
    public Response merges(@QueryParam("state") String state, @QueryParam("before") String before) {
        schema.ensure();
        String only = state != null && STATES.contains(state) ? state : null;
        List<MergeView> page = queries.list(callers.current(), only, time(before), LISTED);
        return HtmlResponse.page(Templates.merges(
                page, STATES, only == null ? "" : only, page.size() < LISTED ? null : page.getLast().requestedAt()));
    }

    /** A new merge: from nothing, from a method's template, or from an earlier merge. */
    @GET
    @Path("new")
    @Operation(hidden = true)
    public Response order(@QueryParam("method") String method, @QueryParam("from") String from) {
        schema.ensure();
        List<KnownModels.Known> known = models.list(callers.current());
        Draft draft;
        if (from != null) {
            Optional<MergeView> merge = find(from);
            Optional<PinnedRecipe> pinned = merge.flatMap(this::recipeOf);
            if (pinned.isEmpty()) {
                return HtmlResponse.missing(null, "There is no merge " + from + ", or the store has lost its recipe.");
            }
            draft = again(merge.get(), pinned.get());
        } else {
            String text = MergeMethods.find(method == null ? "" : method)
                    .map(chosen -> RecipeTemplates.recipe(
                            chosen, RecipeTemplates.order(known.stream().map(KnownModels.Known::name).toList())))
                    .orElse("");
            draft = new Draft(text, "", "", "", "", null);
        }
        return HtmlResponse.page(Templates.order(draft, MergeMethods.all(), known, line.knownTasks(),
                Math.round(line.bytesPerSecond().orElse(0))));
    }

    /** A merge, live. */
    @GET
    @Path("merges/{id}")
    @Operation(hidden = true)
    public Response merge(@PathParam("id") String id) {
        schema.ensure();
        Optional<MergeView> found = find(id);
        if (found.isEmpty()) {
            return HtmlResponse.missing(null, "There is no merge " + id + ".");
        }
        MergeView merge = found.get();
        List<ChunkView> chunks = queries.chunks(merge.id());
        return HtmlResponse.page(Templates.merge(
                merge, cells(merge, chunks), chunks, shares(chunks),
                queries.newestEvents(callers.current(), merge.id(), EVENTS).reversed(), recipeOf(merge).orElse(null), timeLeft(merge)));
    }

    /** The recipe as it was written, for those who wrote it: it calls models by their words. */
    private Optional<PinnedRecipe> recipeOf(MergeView merge) {
        return quotas.isStarter(callers.current(), merge.id()) ? recipes.of(merge) : Optional.empty();
    }

    private Optional<MergeView> find(String id) {
        UUID merge;
        try {
            merge = UUID.fromString(id);
        } catch (IllegalArgumentException malformed) {
            return Optional.empty();
        }
        return queries.find(callers.current(), merge);
    }

    private static Draft again(MergeView merge, PinnedRecipe pinned) {
        Long seed = pinned.options().randomSeed();
        return new Draft(pinned.recipe(), merge.name(), String.join(", ", merge.benchmarks()),
                seed == null ? "" : seed.toString(), Long.toString(pinned.options().maxShardBytes()), merge);
    }

    /** Seconds until the chunks are done at the speed so far, or -1 where that cannot be said. */
    private static long timeLeft(MergeView merge) {
        long done = merge.bytesRead() + merge.bytesWritten();
        long all = merge.bytesToRead() + merge.bytesToWrite();
        if (!merge.state().equals("running") || merge.plannedAt() == null || done <= 0 || all <= done) {
            return -1;
        }
        double seconds = Duration.between(merge.plannedAt(), Instant.now()).toMillis() / 1000.0;
        return Math.round(seconds / done * (all - done));
    }

    private static List<Share> shares(List<ChunkView> chunks) {
        Map<String, Share> shares = new TreeMap<>();
        for (ChunkView chunk : chunks) {
            if (chunk.state().equals("completed") && chunk.worker() != null) {
                shares.merge(chunk.worker(),
                        new Share(chunk.worker(), 1, chunk.reused() ? 0 : chunk.bytesRead() + chunk.length(),
                                chunk.reused() ? 0 : chunk.milliseconds()),
                        (one, other) -> new Share(one.worker(), one.chunks() + other.chunks(),
                                one.bytes() + other.bytes(), one.milliseconds() + other.milliseconds()));
            }
        }
        return List.copyOf(shares.values());
    }

    private static List<Cell> cells(MergeView merge, List<ChunkView> chunks) {
        ChunkView[] known = new ChunkView[merge.chunks()];
        for (ChunkView chunk : chunks) {
            if (chunk.index() < known.length) {
                known[chunk.index()] = chunk;
            }
        }
        List<Cell> cells = new ArrayList<>(known.length);
        for (int index = 0; index < known.length; index++) {
            ChunkView chunk = known[index];
            // Results of chunks expire; a merge that completed has them all.
            boolean done = merge.state().equals("completed");
            String state = chunk == null ? done ? "completed" : "waiting" : done ? "completed" : chunk.state();
            boolean reused = chunk != null && chunk.reused();
            cells.add(new Cell(index, reused ? "completed reused" : state, "Chunk " + index + ": " + (reused
                    ? "taken from an earlier merge" : state)
                    + (chunk == null || chunk.worker() == null ? "" : ", " + chunk.worker())));
        }
        return cells;
    }

    private static Instant time(String before) {
        try {
            return before == null ? null : Instant.parse(before);
        } catch (DateTimeParseException malformed) {
            return null;
        }
    }
}
