package io.amalgam.recipeservice.trigger;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * A trigger as clients see it.
 *
 * @param id of it
 * @param name for people
 * @param tenant whose it is
 * @param recipe that it runs
 * @param options of its orders
 * @param condition when it fires
 * @param debounceSeconds how long it waits for further causes
 * @param notification who is told, without the secret, or null
 * @param createdAt when it was made
 * @param nextCheckAt when its schedule is due or its models are looked at, or null
 * @param lastArtifact what it made last, or null
 * @param lastScore the average of that, or null
 * @param firings the newest, the last first
 * @param messages what is to be told and was not yet, or could not be, the newest first
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TriggerView(
        UUID id, String name, String tenant, String recipe, TriggerOrder.Options options, Condition condition,
        int debounceSeconds, Notification notification, Instant createdAt, Instant nextCheckAt, String lastArtifact, Double lastScore,
        List<Firing> firings, List<Message> messages) {

    /**
     * A time that it fired.
     *
     * @param id of it
     * @param cause of it, in words
     * @param causes how many causes it stands for: those that came while it waited joined it
     * @param state {@code waiting}; {@code started}; {@code unchanged} (the recipe makes what it made before);
     *     {@code refused}; {@code completed}, {@code failed}, {@code cancelled}
     * @param noticedAt when the first cause was noticed
     * @param merge that was started or joined, or null
     * @param artifact that it makes, or null
     * @param score the artifact's average, or null
     * @param previousArtifact what the trigger had made before, or null
     * @param previousScore its average, or null
     * @param difference of the averages: paired where both have answered the same questions, or null
     * @param verdict whether the difference is more than chance, or null
     * @param message why it was refused or failed, or null
     * @param finishedAt when it ended, or null
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Firing(
            UUID id, String cause, int causes, String state, Instant noticedAt, UUID merge, String artifact,
            Double score, String previousArtifact, Double previousScore, Double difference, String verdict,
            String message, Instant finishedAt) {
    }

    /** A message: what it tells, whether it was sent, and what went wrong the last time. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Message(String id, String type, String target, String state, int attempts, String error) {
    }
}
