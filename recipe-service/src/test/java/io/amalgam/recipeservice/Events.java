package io.amalgam.recipeservice;

import io.amalgam.engine.Version;
import io.amalgam.events.Event;
import io.amalgam.events.Identifiers;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The events of a merge's whole life, as the workers publish them. */
public final class Events {

    /** When the merges of tests were requested. */
    public static final Instant START = Instant.parse("2026-01-02T03:04:05.000006Z");
    private static final String DIGEST = "0123456789abcdef".repeat(4);

    private Events() {
    }

    /** An event of that kind. */
    public static Event.MergeRequested requested(String artifact, int attempt, String... benchmarks) {
        return new Event.MergeRequested(Identifiers.merge(artifact, attempt), attempt, artifact, "name of " + artifact,
                "linear", "pinned/" + artifact + ".json", "default", List.of(benchmarks), Version.NUMERICS, START);
    }

    /** A first attempt that a tenant ordered. */
    public static Event.MergeRequested requested(String artifact, String tenant) {
        return new Event.MergeRequested(Identifiers.merge(artifact, 1), 1, artifact, "name of " + artifact, "linear",
                "pinned/" + artifact + ".json", tenant, List.of(), Version.NUMERICS, START);
    }

    /** An event of that kind. */
    public static Event.MergePlanned planned(Event.MergeRequested request, int chunks) {
        return new Event.MergePlanned(request, DIGEST, chunks, 1000L * chunks, 500L * chunks, at(1));
    }

    /** An event of that kind. */
    public static Event.ChunkCompleted chunk(Event.MergeRequested request, int index, int count) {
        return new Event.ChunkCompleted(request.merge(), index, count, DIGEST, 500, "worker-1", 1000, 20, false,
                Version.NUMERICS, at(2));
    }

    /** An event of that kind. */
    public static Event.MergeProgressed progressed(Event.MergeRequested request, int done, int chunks) {
        return new Event.MergeProgressed(request.merge(), done, chunks, 0, 1000L * done, 500L * done, chunks, at(3));
    }

    /** An event of that kind. */
    public static Event.MergeCompleted completed(Event.MergeRequested request) {
        return new Event.MergeCompleted(
                request.merge(), request.artifact(), "artifacts/" + request.artifact(), DIGEST, at(4));
    }

    /** An event of that kind. */
    public static Event.ArtifactCompleted artifact(Event.MergeRequested request, Event.ModelPlace... parents) {
        List<Event.ModelPlace> models = new ArrayList<>();
        models.add(new Event.ModelPlace(request.name(), identity(request.artifact()),
                "artifacts/" + request.artifact(), Event.ModelPlace.Role.ARTIFACT));
        models.addAll(List.of(parents));
        return new Event.ArtifactCompleted(request.artifact(), request.merge(), request.name(), request.method(),
                "artifacts/" + request.artifact(), DIGEST, 4000, models, request.benchmarks(), 1, at(5));
    }

    /** An event of that kind. */
    public static Event.ModelPlace parent(String name) {
        return new Event.ModelPlace(name, identity(name), name, Event.ModelPlace.Role.PARENT);
    }

    /** An event of that kind. */
    public static Event.ScoreRecorded score(
            String artifact, String name, Event.ModelPlace.Role role, String task, double value) {
        boolean own = role == Event.ModelPlace.Role.ARTIFACT;
        return new Event.ScoreRecorded(artifact, name, identity(own ? artifact : name), role, artifact, task,
                "digest of " + task, 100, "acc", Map.of("acc", value), Map.of("acc", 0.04), 0.25, 0.3, false,
                "engine-1", at(6));
    }

    /** An event of that kind. */
    public static Event.ScoreCompared compared(String artifact, String parent, String task, double difference) {
        return new Event.ScoreCompared(artifact, artifact, parent, identity(parent), task, "acc", 100, difference,
                0.03, difference - 0.06, difference + 0.06, 20, 10, 0.05, "better", at(7));
    }

    /** The identity of a model of tests. */
    public static String identity(String model) {
        return "local:sha256:" + model;
    }

    /** A time of the events of tests. */
    public static Instant at(int seconds) {
        return START.plus(seconds, ChronoUnit.SECONDS);
    }
}
