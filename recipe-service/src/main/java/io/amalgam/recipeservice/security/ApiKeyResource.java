package io.amalgam.recipeservice.security;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** API keys: made, listed and revoked by administrators. */
@Path("/api/keys")
@Tag(name = "Access")
@Produces(MediaType.APPLICATION_JSON)
@RolesAllowed(Roles.ADMINISTER)
@RunOnVirtualThread
public class ApiKeyResource {

    private static final long MOST_DAYS = 3_650;

    private final ApiKeys keys;
    private final Callers callers;

    /** Takes the keys and who asks. */
    public ApiKeyResource(ApiKeys keys, Callers callers) {
        this.keys = keys;
        this.callers = callers;
    }

    /** What key is wanted. */
    public record KeyOrder(
            @Schema(description = "A name for people.", required = true) String name,
            @Schema(description = "On whose behalf it acts.", required = true) String tenant,
            @Schema(description = "Some of read, submit, administer.", required = true) List<String> roles,
            @Schema(description = "After how many days it stops; never if absent.") Long days) {
    }

    /** A key that has just been made; {@code key} is shown this once. */
    public record NewKey(String id, String key) {

        /** Everything but the key. */
        @Override
        public String toString() {
            return "NewKey[" + id + "]";
        }
    }

    /** All keys, the newest first. */
    public record KeyPage(List<ApiKey> keys) {
    }

    /** A key that was revoked. */
    public record RevokedKey(@JsonUnwrapped ApiKey key) {
    }

    /** Makes a key. */
    @POST
    @Consumes(MediaType.APPLICATION_JSON)
    @Operation(summary = "Make an API key", description = "The answer is the only place in which the key ever is.")
    public Response create(KeyOrder order) {
        if (order == null) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "the body is empty; expected {\"name\", \"tenant\", \"roles\", \"days\"}");
        }
        if (order.days() != null && (order.days() < 1 || order.days() > MOST_DAYS)) {
            throw new AmalgamException(ErrorCode.ARGUMENT_INVALID,
                    "days is " + order.days() + "; expected 1 to " + MOST_DAYS);
        }
        Instant expiresAt = order.days() == null ? null
                : Instant.now().plus(Duration.ofDays(order.days())).truncatedTo(ChronoUnit.MICROS);
        ApiKey.Secret secret =
                keys.create(order.name(), order.tenant(), order.roles(), expiresAt, callers.current());
        return Response.created(URI.create("/api/keys/" + secret.id()))
                .header("Cache-Control", "no-store")
                .entity(new NewKey(secret.id(), secret.token()))
                .build();
    }

    /** Lists keys. */
    @GET
    @Operation(summary = "List API keys", description = "Everything but the keys themselves.")
    public KeyPage list() {
        return new KeyPage(keys.list());
    }

    /** Revokes a key at once. */
    @DELETE
    @Path("/{id}")
    @Operation(summary = "Revoke an API key", description = "From the next request on it is refused.")
    public RevokedKey revoke(@PathParam("id") String id) {
        return new RevokedKey(keys.revoke(id));
    }
}
