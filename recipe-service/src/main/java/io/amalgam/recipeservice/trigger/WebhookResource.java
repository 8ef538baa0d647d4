package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.error.AmalgamException;
import io.amalgam.engine.error.ErrorCode;
import io.amalgam.recipeservice.rest.ProblemResponse;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * What others tell triggers. Each endpoint has a secret of its own in the service's configuration and is closed without
 * one: whoever can call it can make the line work.
 */
@Path("/api/webhooks")
@Tag(name = "Triggers")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@PermitAll
public class WebhookResource {

    private static final String BEARER = "Bearer ";
    private static final String CREATED = "ObjectCreated";
    private static final int LONGEST_BODY = 1 << 20;

    private final Triggers triggers;
    private final ObjectMapper mapper;
    private final Optional<String> hubSecret;
    private final Optional<String> objectSecret;
    private final Optional<String> eventSecret;

    /** Takes what is fired, and the secrets. */
    public WebhookResource(
            Triggers triggers, ObjectMapper mapper,
            @ConfigProperty(name = "amalgam.triggers.huggingface-secret") Optional<String> hubSecret,
            @ConfigProperty(name = "amalgam.triggers.object-secret") Optional<String> objectSecret,
            @ConfigProperty(name = "amalgam.triggers.event-secret") Optional<String> eventSecret) {
        this.triggers = triggers;
        this.mapper = mapper;
        this.hubSecret = hubSecret;
        this.objectSecret = objectSecret;
        this.eventSecret = eventSecret;
    }

    /** How many triggers took it. */
    public record Taken(int triggers) {
    }

    /** A webhook of the Hugging Face Hub. */
    @POST
    @Path("/huggingface")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "Webhook of the Hugging Face Hub",
            description = "A model's content has changed. The secret is expected in X-Webhook-Secret.")
    @APIResponse(responseCode = "202", description = "Triggers that the model concerns were fired.")
    @APIResponse(responseCode = "401", description = "The secret is not right, or none is configured.")
    public Response huggingFace(@HeaderParam("X-Webhook-Secret") String secret, String body) {
        if (refuses(hubSecret, secret)) {
            return unauthorized();
        }
        JsonNode hook = json(body);
        String model = hook.path("repo").path("name").asText("");
        boolean changed = hook.path("repo").path("type").asText("").equals("model")
                && hook.path("event").path("scope").asText("").startsWith("repo.content");
        if (!changed || model.isEmpty()) {
            return Response.accepted(new Taken(0)).build();
        }
        String revision = hook.path("repo").path("headSha").asText("");
        return Response.accepted(new Taken(triggers.notice(trigger -> concerns(trigger, model),
                "new revision of " + model, revision.isEmpty() ? null : "hub:" + model + "@" + revision))).build();
    }

    /** A notification of an object store. */
    @POST
    @Path("/objects")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "Notification of an object store",
            description = "S3's event notification: Records with s3.bucket.name and s3.object.key. The secret is "
                    + "expected as a bearer token.")
    @APIResponse(responseCode = "202", description = "Triggers that the objects concern were fired.")
    @APIResponse(responseCode = "401", description = "The secret is not right, or none is configured.")
    public Response objects(@HeaderParam("Authorization") String authorization, String body) {
        if (refuses(objectSecret, token(authorization))) {
            return unauthorized();
        }
        int taken = 0;
        for (JsonNode record : json(body).path("Records")) {
            // S3 says ObjectCreated:Put, MinIO and others s3:ObjectCreated:Put.
            if (!record.path("eventName").asText("").contains(CREATED)) {
                continue;
            }
            JsonNode s3 = record.path("s3");
            String bucket = s3.path("bucket").path("name").asText("");
            String key = URLDecoder.decode(s3.path("object").path("key").asText(""), StandardCharsets.UTF_8);
            String version = s3.path("object").path("versionId").asText("") + s3.path("object").path("eTag").asText("")
                    + s3.path("object").path("sequencer").asText("");
            taken += triggers.notice(
                    trigger -> trigger.condition() instanceof Condition.StoredObject object
                            && object.bucket().equals(bucket)
                            && (object.prefix() == null || key.startsWith(object.prefix())),
                    "object " + bucket + "/" + key, version.isEmpty() ? null : "object:" + bucket + "/" + key + "@" + version);
        }
        return Response.accepted(new Taken(taken)).build();
    }

    /** A CloudEvent. */
    @POST
    @Path("/events")
    @Consumes(MediaType.WILDCARD)
    @Operation(summary = "CloudEvent over HTTP",
            description = "Structured (application/cloudevents+json) or binary (ce- headers). The secret is expected as "
                    + "a bearer token.")
    @APIResponse(responseCode = "202", description = "Triggers that the event concerns were fired.")
    @APIResponse(responseCode = "401", description = "The secret is not right, or none is configured.")
    public Response events(
            @HeaderParam("Authorization") String authorization, @Context HttpHeaders headers, String body) {
        if (refuses(eventSecret, token(authorization))) {
            return unauthorized();
        }
        IncomingEvent event = headers.getHeaderString("ce-type") == null
                ? IncomingEvent.structured(json(body))
                : IncomingEvent.binary(name -> headers.getHeaderString("ce-" + name));
        return Response.accepted(new Taken(triggers.notice(trigger -> event.fits(trigger.condition()),
                "CloudEvent " + event.type(), event.key()))).build();
    }

    /** Whether a trigger is about a model: one that it names, or one of its recipe. */
    private static boolean concerns(Triggers.Stored trigger, String model) {
        if (!(trigger.condition() instanceof Condition.Revision revision)) {
            return false;
        }
        List<String> models = revision.models().isEmpty() ? Triggers.models(trigger) : revision.models();
        return models.contains(model);
    }

    private static boolean refuses(Optional<String> expected, String given) {
        return expected.filter(secret -> !secret.isBlank())
                .map(secret -> !WebhookSignature.same(secret, given))
                .orElse(true);
    }

    private static Response unauthorized() {
        return ProblemResponse.of(ErrorCode.ARGUMENT_INVALID, Response.Status.UNAUTHORIZED.getStatusCode(),
                "the secret is missing or not the one that amalgam.triggers.*-secret has for this endpoint");
    }

    private static String token(String authorization) {
        return authorization != null && authorization.startsWith(BEARER)
                ? authorization.substring(BEARER.length()).strip() : null;
    }

    private JsonNode json(String body) {
        if (body.length() > LONGEST_BODY) {
            throw new AmalgamException(ErrorCode.REQUEST_TOO_LARGE, "the body has more than " + LONGEST_BODY + " characters");
        }
        try {
            return mapper.readTree(body);
        } catch (JsonProcessingException malformed) {
            throw new AmalgamException(
                    ErrorCode.ARGUMENT_INVALID, "the body is not JSON: " + malformed.getOriginalMessage(), malformed);
        }
    }
}
