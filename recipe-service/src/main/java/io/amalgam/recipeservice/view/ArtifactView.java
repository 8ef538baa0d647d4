package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A merged model that exists.
 *
 * @param id its artifact key
 * @param merge that made it
 * @param name that the request gave it
 * @param method the recipe's merge method
 * @param location in the store
 * @param manifestSha256 digest of {@code amalgam.json}
 * @param bytes of all its files
 * @param benchmarks tasks that it was to be scored with
 * @param completedAt when it became visible
 * @param models its parents and base, in the recipe's order
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ArtifactView(
        String id, UUID merge, String name, String method, String location, String manifestSha256, long bytes,
        List<String> benchmarks, Instant completedAt, List<ModelView> models) {

    /**
     * A model that an artifact was made of.
     *
     * @param name as the recipe has it
     * @param role {@code PARENT} or {@code BASE}
     * @param identity its fixed identity
     * @param artifact its artifact key, if it is an artifact of this store, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record ModelView(String name, String role, String identity, String artifact) {
    }
}
