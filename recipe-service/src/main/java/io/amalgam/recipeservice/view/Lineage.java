package io.amalgam.recipeservice.view;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * Where an artifact comes from and what was made of it: a graph.
 *
 * @param artifact that was asked for
 * @param models nodes
 * @param edges from what was used to what was made of it
 */
public record Lineage(String artifact, List<Node> models, List<Edge> edges) {

    /**
     * A model.
     *
     * @param id its artifact key if it is an artifact of this store, else its fixed identity
     * @param name of it
     * @param artifact its artifact key, or null
     * @param method that made it, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Node(String id, String name, String artifact, String method) {
    }

    /**
     * A use.
     *
     * @param from the model that was used
     * @param to the artifact that was made
     * @param role {@code PARENT} or {@code BASE}
     */
    public record Edge(String from, String to, String role) {
    }
}
