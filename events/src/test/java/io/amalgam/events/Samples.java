package io.amalgam.events;

import io.amalgam.events.Event.ModelPlace;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** One event of each kind, as a small merge makes them. */
final class Samples {

    static final Instant NOW = Instant.parse("2026-11-23T12:00:00.250Z");
    static final String ARTIFACT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    static final String PLAN = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
    static final String DIGEST = "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13";
    static final String MERGE = Identifiers.merge(ARTIFACT, 1);

    private static final String WORKER = "merge-worker/one";
    private static final String IDENTITY = "local:sha256:" + DIGEST;
    private static final ModelPlace PARENT =
            new ModelPlace("models/ordering-expert", IDENTITY, "models/ordering-expert", ModelPlace.Role.PARENT);
    private static final Event.MergeRequested REQUEST = new Event.MergeRequested(
            MERGE, 1, ARTIFACT, "twin", "model_stock", "pinned/" + ARTIFACT + ".json", "default",
            List.of("ordering", "navigation"), 1, NOW);

    private Samples() {
    }

    static List<Event> all() {
        return List.of(
                REQUEST,
                new Event.MergeCancellationRequested(MERGE, "somebody", "wrong recipe", NOW),
                new Event.MergePlanned(REQUEST, PLAN, 8, 11_000_000L, 2_000_000L, NOW),
                new Event.MergeProgressed(MERGE, 3, 8, 1, 4_000_000L, 750_000L, 8, NOW),
                new Event.MergeCompleted(MERGE, ARTIFACT, "artifacts/" + ARTIFACT, DIGEST, NOW),
                new Event.MergeFailed(MERGE, ARTIFACT, "MODEL_CHANGED", "model base changed while it was read", NOW),
                new Event.MergeCancelled(MERGE, ARTIFACT, "somebody", "wrong recipe", NOW),
                new Event.ChunkRequested(MERGE, ARTIFACT, PLAN, 3, 8, "plans/" + PLAN + "/chunk-00003.json", 1, 1, 1,
                        1_400_000L, 60, NOW),
                new Event.AssemblyRequested(
                        MERGE, ARTIFACT, PLAN, 8, "pinned/" + ARTIFACT + ".json", 1, 1, 1, 60, NOW),
                new Event.ChunkCompleted(MERGE, 3, 8, DIGEST, 250_000L, WORKER, 1_400_000L, 12, false, 1, NOW),
                new Event.ChunkFailed(MERGE, 3, 1, "DEADLINE_EXCEEDED", "chunk 3 ran past 60 s", WORKER, NOW),
                new Event.AssemblyCompleted(MERGE, ARTIFACT, "artifacts/" + ARTIFACT, DIGEST, WORKER, NOW),
                new Event.AssemblyFailed(MERGE, 1, "DIGEST_MISMATCH", "receipt of chunk 3 does not match", WORKER, NOW),
                new Event.ArtifactCompleted(ARTIFACT, MERGE, "twin", "model_stock", "artifacts/" + ARTIFACT, DIGEST,
                        2_000_000L, List.of(PARENT), List.of("ordering"), 2, NOW),
                new Event.ArtifactDeleted(ARTIFACT, MERGE, "somebody", "it was a trial", NOW),
                new Event.EvaluationTaskRequested(
                        ARTIFACT, PARENT, "ordering", DIGEST, 0, 200, 250, 1, 1, 600, NOW),
                new Event.EvaluationTaskCompleted(ARTIFACT, IDENTITY, "ordering", DIGEST, 0, 200, 250,
                        "evaluations/" + DIGEST + "/ordering/0-200.jsonl", "eval-worker/one", 200, 5_000, NOW),
                new Event.EvaluationTaskFailed(ARTIFACT, IDENTITY, "ordering", 0, 200, 1, "INFERENCE_UNSUPPORTED",
                        "architecture MambaForCausalLM is not known", "eval-worker/one", NOW),
                new Event.ScoreRecorded(ARTIFACT, "models/ordering-expert", IDENTITY, ModelPlace.Role.PARENT, ARTIFACT,
                        "ordering", DIGEST, 250, "acc_norm,none", Map.of("acc,none", 0.8, "acc_norm,none", 0.81),
                        Map.of("acc,none", 0.025, "acc_norm,none", 0.0248), 0.25, 0.25, false, "amalgam-0.1.0", NOW),
                new Event.ScoreCompared(ARTIFACT, ARTIFACT, "models/ordering-expert", IDENTITY, "ordering", "acc_norm",
                        250, 0.05, 0.02, 0.01, 0.09, 20, 8, 0.03, "better", NOW),
                new Event.EvaluationCompleted(ARTIFACT, ARTIFACT, List.of("ordering"), MERGE, 2, NOW),
                new Event.EvaluationFailed(
                        ARTIFACT, ARTIFACT, List.of("ordering"), MERGE, 2, "BENCHMARK_DATA", "ordering.jsonl is missing",
                        NOW),
                new Event.EvaluationCancelled(ARTIFACT, ARTIFACT, List.of("ordering"), MERGE, 2, "somebody", NOW),
                new Event.EvaluationCancellationRequested(ARTIFACT, "somebody", "wrong benchmark", NOW),
                new Event.DeadLetter("merge-chunks", 2, 17, "key", "io.amalgam.ChunkRequested", "EVENT_INVALID",
                        "ChunkRequested lacks the field slice", MERGE, "{}", WORKER, NOW,
                        "0af7651916cd43dd8448eb211c80319c"));
    }
}
