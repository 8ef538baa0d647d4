package io.amalgam.recipeservice.security;

import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.database.ProjectionSchema;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What tenants may have. */
@Path("/api/tenants/{tenant}/quota")
@Tag(name = "Access")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
public class QuotaResource {

    private final Quotas quotas;
    private final RateLimits rates;
    private final ProjectionSchema schema;
    private final Callers callers;

    /** Takes the quotas and who asks. */
    public QuotaResource(Quotas quotas, RateLimits rates, ProjectionSchema schema, Callers callers) {
        this.quotas = quotas;
        this.rates = rates;
        this.schema = schema;
        this.callers = callers;
    }

    /** What a tenant may have; what is absent is as the service's settings say. */
    public record QuotaOrder(
            @Schema(description = "The most bytes of its artifacts.") Long bytes,
            @Schema(description = "The most merges at once.") Integer merges,
            @Schema(description = "The most requests a minute.") Integer requestsPerMinute) {
    }

    /** Shows a tenant's quota and what it has of it: to the tenant, and to administrators. */
    @GET
    @RolesAllowed(Roles.READ)
    @Operation(summary = "Show a tenant's quota")
    public Quotas.Quota show(@PathParam("tenant") String tenant) {
        Caller caller = callers.current();
        if (!caller.administrator() && !caller.tenant().equals(tenant)) {
            throw new AmalgamException(ErrorCode.FORBIDDEN, "tenant " + caller.tenant() + " sees its own quota only");
        }
        schema.ensure();
        return quotas.of(tenant);
    }

    /** Sets a tenant's quota. */
    @PUT
    @RolesAllowed(Roles.ADMINISTER)
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Set a tenant's quota", description = "What is absent is as the service's settings say.")
    public Quotas.Quota set(@PathParam("tenant") String tenant, QuotaOrder order) {
        if (order == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "the body is empty; expected {\"bytes\", \"merges\", \"requestsPerMinute\"}");
        }
        schema.ensure();
        Quotas.Quota quota = quotas.set(
                tenant, order.bytes(), order.merges(), order.requestsPerMinute(), callers.current());
        rates.forget(tenant);
        return quota;
    }
}
