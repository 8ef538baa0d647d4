package io.amalgam.recipeservice.security;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Who changed what. */
@Path("/api/audit")
@Tag(name = "Access")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMINISTER)
public class AuditResource {

    private static final int MOST = 1_000;

    private final Audit audit;

    /** Takes the audit. */
    public AuditResource(Audit audit) {
        this.audit = audit;
    }

    /** A page of the audit; {@code next} is the value of {@code before} that gives the next page. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record AuditPage(List<Audit.Entry> entries, Long next) {
    }

    /** Lists changes, the newest first. */
    @GET
    @RunOnVirtualThread
    @Operation(summary = "List changes", description = "Who changed what, the newest first; `next` goes into `before`.")
    public AuditPage list(
            @QueryParam("before") Long before, @QueryParam("tenant") String tenant,
            @QueryParam("limit") @DefaultValue("100") int limit) {
        int most = Math.clamp(limit, 1, MOST);
        List<Audit.Entry> entries = audit.list(before, tenant, most);
        return new AuditPage(entries, entries.size() < most ? null : entries.getLast().id());
    }
}
