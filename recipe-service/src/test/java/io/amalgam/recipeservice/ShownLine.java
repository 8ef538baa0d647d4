package io.amalgam.recipeservice;

import io.amalgam.engine.Version;
import io.amalgam.engine.store.ArtifactStore;
import io.amalgam.events.Event;
import io.amalgam.events.Event.ModelPlace.Role;
import io.amalgam.events.Identifiers;
import io.amalgam.recipeservice.database.Database;
import io.amalgam.recipeservice.projection.Projector;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/** A line with a past, for pages to show: merges, scores, answers, workers, a dead letter. */
final class ShownLine {

    static final List<String> TASKS = List.of("boolean_expressions", "navigation", "ordering");
    private static final String DIGEST = "0123456789abcdef".repeat(4);

    private final Database database;
    private final Projector projector;
    private final ArtifactStore store;
    private final Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);

    ShownLine(Database database, Projector projector, ArtifactStore store) {
        this.database = database;
        this.projector = projector;
        this.store = store;
    }

    /** Applies events as the line's consumer does. */
    void apply(Event... events) {
        Projections.apply(database, projector, events);
    }

    /** Everything that the pages show, but for the merge that runs. */
    void past() {
        artifact("shown-arithmetic", "task-arithmetic", "task_arithmetic", List.of("navigation-expert", "ordering-expert"), 0.82);
        artifact("shown-ties", "ties", "ties", List.of("navigation-expert", "boolean-expressions-expert"), 0.71);
        artifact("shown-stock", "model-stock", "model_stock", List.of("navigation-expert", "ordering-expert"), 0.58);
        Event.MergeRequested failed = requested("shown-failed", "two of eight billion", "slerp", 3600);
        apply(failed, planned(failed, 24), new Event.MergeFailed(failed.merge(), failed.artifact(), "WORKER_LOST",
                "chunk 7 was begun by three workers that died; the last was merge-worker/host-2", now.minusSeconds(3000)));
        apply(new Event.DeadLetter("merges", 3, 42, "key", "io.amalgam.MergePlanned", "EVENT_INVALID",
                "merge is \"x\", expected the UUID of a merge", null, "{\"merge\": \"x\"}", "recipe-service/host",
                now.minusSeconds(600), null));
    }

    /** A merge with chunks to do. */
    Event.MergeRequested running(String artifact, int chunks) {
        Event.MergeRequested request = requested(artifact, "Night shift", "ties", 30);
        apply(request, planned(request, chunks));
        return request;
    }

    /** A chunk that a worker has done now. */
    Event.ChunkCompleted chunk(Event.MergeRequested request, int index, int count) {
        return new Event.ChunkCompleted(request.merge(), index, count, DIGEST, 480_000_000L,
                "merge-worker/host-" + index % 3, 960_000_000L, 900 + index, index % 11 == 0, Version.NUMERICS,
                Instant.now());
    }

    private Event.MergeRequested requested(String artifact, String name, String method, int secondsAgo) {
        return new Event.MergeRequested(Identifiers.merge(artifact, 1), 1, artifact, name, method,
                "pinned/" + artifact + ".json", "default", List.of(), Version.NUMERICS, now.minusSeconds(secondsAgo));
    }

    private Event.MergePlanned planned(Event.MergeRequested request, int chunks) {
        return new Event.MergePlanned(request, DIGEST, chunks, 960_000_000L * chunks, 480_000_000L * chunks,
                request.requestedAt().plusSeconds(1));
    }

    private void artifact(String key, String name, String method, List<String> parents, double level) {
        Event.MergeRequested request = requested(key, name, method, 7200);
        List<Event.ModelPlace> models = new ArrayList<>();
        models.add(new Event.ModelPlace(name, Events.identity(key), "artifacts/" + key, Role.ARTIFACT));
        parents.forEach(parent -> models.add(Events.parent(parent)));
        models.add(new Event.ModelPlace("base", Events.identity("base"), "base", Role.BASE));
        apply(request, planned(request, 12));
        for (int index = 0; index < 12; index++) {
            apply(chunk(request, index, 12));
        }
        apply(new Event.MergeCompleted(request.merge(), key, "artifacts/" + key, DIGEST, now.minusSeconds(7180)),
                new Event.ArtifactCompleted(key, request.merge(), name, method, "artifacts/" + key, DIGEST,
                        5_760_000_000L, models, TASKS, 1, now.minusSeconds(7180)));
        for (Event.ModelPlace model : models) {
            for (int task = 0; task < TASKS.size(); task++) {
                apply(Answered.score(store, key, model, TASKS.get(task), level(model, level, task), now.minusSeconds(7000)));
            }
        }
        for (String parent : parents) {
            for (String task : TASKS) {
                apply(new Event.ScoreCompared(key, key, parent, Events.identity(parent), task, "acc", Answered.QUESTIONS,
                        level - 0.55, 0.04, level - 0.63, level - 0.47, 14, 6, 0.03, "better", now.minusSeconds(7000)));
            }
        }
        apply(new Event.EvaluationTaskCompleted(key, Events.identity(key), TASKS.getFirst(), "digest", 0,
                Answered.QUESTIONS, Answered.QUESTIONS, "evaluations/x", "eval-worker/host-9",
                Answered.QUESTIONS, 9000, now.minusSeconds(7000)),
                new Event.EvaluationCompleted(key, key, TASKS, null, 1, now.minusSeconds(6990)));
    }

    private static double level(Event.ModelPlace model, double level, int task) {
        return switch (model.role()) {
            case ARTIFACT -> level - 0.03 * task;
            case PARENT -> 0.55 + 0.1 * ((model.name().length() + task) % 3 - 1);
            case BASE -> 0.47 + 0.02 * task;
        };
    }
}
