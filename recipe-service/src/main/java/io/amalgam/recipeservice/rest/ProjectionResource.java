package io.amalgam.recipeservice.rest;

import io.amalgam.recipeservice.database.ProjectionSchema;
import io.amalgam.recipeservice.messaging.ProjectionLag;
import io.amalgam.recipeservice.security.Roles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The read side as a whole. */
@Path("/api/projection")
@Tag(name = "Projection")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMINISTER)
public class ProjectionResource {

    private final ProjectionSchema schema;
    private final ProjectionLag lag;

    /** Takes the projection and who knows how far it is. */
    public ProjectionResource(ProjectionSchema schema, ProjectionLag lag) {
        this.schema = schema;
        this.lag = lag;
    }

    /** Tells where the projection stands. */
    @GET
    @RunOnVirtualThread
    @Operation(summary = "Show the projection",
            description = "How often it has been begun anew, and how many offsets of the topics it has not read.")
    public ProjectionLag.ProjectionState show() {
        return lag.state();
    }

    /** Empties the projection; all replicas read the topics from their beginning. */
    @POST
    @Path("/rebuild")
    @RunOnVirtualThread
    @Operation(summary = "Rebuild the projection",
            description = "Empties it and has all replicas read the topics from their beginning, while they run. Orders "
                    + "are accepted meanwhile; what is shown is what has been read so far.")
    public Response rebuild() {
        schema.rebuild();
        return Response.accepted(lag.state()).build();
    }
}
