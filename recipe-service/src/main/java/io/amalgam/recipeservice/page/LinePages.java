package io.amalgam.recipeservice.page;

import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.deadletter.DeadLetterQueries;
import io.amalgam.recipeservice.deadletter.DeadLetterView;
import io.amalgam.recipeservice.security.Callers;
import io.amalgam.recipeservice.security.Roles;
import io.amalgam.recipeservice.trigger.TriggerView;
import io.amalgam.recipeservice.trigger.Triggers;
import io.amalgam.recipeservice.view.LineQueries;
import io.amalgam.recipeservice.view.LineView;
import io.quarkus.qute.CheckedTemplate;
import io.quarkus.qute.TemplateInstance;
import io.smallrye.common.annotation.Blocking;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;

/** The pages of the line itself: workers and queue, triggers, dead letters. */
@Path("/")
@Produces(MediaType.TEXT_HTML)
@Blocking
@RolesAllowed(Roles.READ)
public class LinePages {

    private static final int LISTED = 200;
    private static final List<String> LETTER_STATES = List.of("open", "replayed", "dropped");

    private final LineQueries line;
    private final Triggers triggers;
    private final DeadLetterQueries letters;
    private final ProjectionSchema schema;
    private final Callers callers;

    /** Takes what pages show, and who looks at them. */
    public LinePages(
            LineQueries line, Triggers triggers, DeadLetterQueries letters, ProjectionSchema schema, Callers callers) {
        this.line = line;
        this.triggers = triggers;
        this.letters = letters;
        this.schema = schema;
        this.callers = callers;
    }

    /** Every parameter of a template, checked when the service is built. */
    @CheckedTemplate(basePath = "pages")
    static class Templates {

        private Templates() {
        }

        static native TemplateInstance workers(LineView line);

        static native TemplateInstance triggers(List<TriggerView> triggers, boolean mayChange);

        static native TemplateInstance deadLetters(
                List<DeadLetterView> letters, List<String> states, String state, boolean mayDecide);
    }

    /** Who works, and what waits. */
    @GET
    @Path("workers")
    @Operation(hidden = true)
    public Response workers() {
        schema.ensure();
        return HtmlResponse.page(Templates.workers(line.line(callers.current())));
    }

    /** Recipes with a condition. */
    @GET
    @Path("triggers")
    @Operation(hidden = true)
    public Response triggers() {
        return HtmlResponse.page(Templates.triggers(triggers.list(callers.current()), callers.may(Roles.SUBMIT)));
    }

    /** What was given up. */
    @GET
    @Path("dead-letters")
    @Operation(hidden = true)
    public Response deadLetters(@QueryParam("state") @DefaultValue("open") String state) {
        String only = LETTER_STATES.contains(state) ? state : "open";
        return HtmlResponse.page(
                Templates.deadLetters(letters.list(callers.current(), only, null, null, LISTED), LETTER_STATES, only,
                        callers.may(Roles.ADMINISTER)));
    }
}
