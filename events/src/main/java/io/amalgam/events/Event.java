package io.amalgam.events;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Every event of the line. A record's JSON is the Kafka value; CloudEvents attributes are headers (see EventCodec).
 *
 * <p>Rules that hold for ever: a field is only added, never renamed, removed or given another meaning; a reader ignores
 * fields it does not know and takes an absent one as null, zero or empty; no event exceeds 8 KB. {@code code} is the
 * name of an engine {@code ErrorCode}.
 */
public sealed interface Event {

    // ---- merge-requests, keyed by merge ------------------------------------------------------------------------

    /** A merge was accepted. {@code pinned} is the store location of the pinned recipe. */
    record MergeRequested(
            String merge, int attempt, String artifact, String name, String method, String pinned, String tenant,
            List<String> benchmarks, int numerics, Instant requestedAt) implements Event {
    }

    /** Somebody asks that a merge end. */
    record MergeCancellationRequested(String merge, String by, String reason, Instant requestedAt) implements Event {
    }

    // ---- merges: the lifecycle log -----------------------------------------------------------------------------

    /** The coordinator has accepted and planned a merge. Carries the request, so that the log alone recovers it. */
    record MergePlanned(
            MergeRequested request, String plan, int chunks, long bytesToRead, long bytesToWrite, Instant at)
            implements Event {
    }

    /** How far a merge is; only the newest matters. */
    record MergeProgressed(
            String merge, int chunksDone, int chunks, int chunksRetried, long bytesRead, long bytesWritten, Instant at)
            implements Event {
    }

    /** Terminal: the artifact is visible. */
    record MergeCompleted(String merge, String artifact, String location, String manifestSha256, Instant at)
            implements Event {
    }

    /** Terminal: the merge cannot be completed. */
    record MergeFailed(String merge, String artifact, String code, String message, Instant at) implements Event {
    }

    /** Terminal: the merge was cancelled. */
    record MergeCancelled(String merge, String artifact, String by, String reason, Instant at) implements Event {
    }

    // ---- merge-chunks: work, in a share group ------------------------------------------------------------------

    /** Work: make one shard. {@code slice} is the store location of the chunk's plan. */
    record ChunkRequested(
            String merge, String artifact, String plan, int index, int count, String slice, int numerics, int attempt,
            int round, long bytesToRead, long deadlineSeconds, Instant at) implements Event {
    }

    /** Work: make the artifact visible. */
    record AssemblyRequested(
            String merge, String artifact, String plan, int count, int numerics, int attempt, int round, Instant at)
            implements Event {
    }

    // ---- chunk-results, keyed by merge -------------------------------------------------------------------------

    /** A shard and its receipt exist. */
    record ChunkCompleted(
            String merge, int index, int count, String sha256, long length, String worker, long bytesRead,
            long milliseconds, boolean reused, int numerics, Instant at) implements Event {
    }

    /** A chunk failed deterministically. */
    record ChunkFailed(
            String merge, int index, int attempt, String code, String message, String worker, Instant at)
            implements Event {
    }

    /** The manifest exists. */
    record AssemblyCompleted(
            String merge, String artifact, String location, String manifestSha256, String worker, Instant at)
            implements Event {
    }

    // ---- artifacts, keyed by artifact --------------------------------------------------------------------------

    /** A model that an evaluation measures: where it is and what it is to the artifact. */
    record ModelPlace(String name, String identity, String location, Role role) {
        /** What a model is to an artifact. */
        public enum Role {
            /** The merged model itself. */
            ARTIFACT,
            /** One of the merged models. */
            PARENT,
            /** The base model of the recipe. */
            BASE
        }
    }

    /** An artifact is complete. {@code models}: the artifact itself, its parents and its base. */
    record ArtifactCompleted(
            String artifact, String merge, String name, String method, String location, String manifestSha256,
            long bytes, List<ModelPlace> models, List<String> benchmarks, Instant at) implements Event {
    }

    // ---- evaluation-tasks: work, in a share group --------------------------------------------------------------

    /** Work: questions {@code from} (inclusive) to {@code to} (exclusive) of a task, for a model. */
    record EvaluationTaskRequested(
            String evaluation, ModelPlace model, String task, String taskDigest, int from, int to, int total,
            int attempt, int round, long deadlineSeconds, Instant at) implements Event {
    }

    // ---- evaluation-results, keyed by model identity -----------------------------------------------------------

    /** The answers of a slice are in the store, at {@code results}. */
    record EvaluationTaskCompleted(
            String evaluation, String modelIdentity, String task, String taskDigest, int from, int to, int total,
            String results, String worker, int questions, long milliseconds, Instant at) implements Event {
    }

    /** A slice failed deterministically. */
    record EvaluationTaskFailed(
            String evaluation, String modelIdentity, String task, int from, int to, int attempt, String code,
            String message, String worker, Instant at) implements Event {
    }

    // ---- scores, keyed by model identity and task --------------------------------------------------------------

    /** What a model scored on a task. {@code metrics}: names as lm-evaluation-harness has them. */
    record ScoreRecorded(
            String evaluation, String modelName, String modelIdentity, ModelPlace.Role role, String artifact,
            String task, String taskDigest, int questions, String primaryMetric, Map<String, Double> metrics,
            Map<String, Double> standardErrors, double chance, double floor, boolean limited, String engine,
            Instant at) implements Event {
    }

    /** The paired difference of an artifact and a parent on the same questions. */
    record ScoreCompared(
            String evaluation, String artifact, String parentName, String parentIdentity, String task, String metric,
            int questions, double difference, double standardError, double low, double high, int better, int worse,
            double pValue, String verdict, Instant at) implements Event {
    }

    /** Terminal: every task of every model of an artifact has a score. */
    record EvaluationCompleted(String evaluation, String artifact, Instant at) implements Event {
    }

    /** Terminal: a task could not be scored. */
    record EvaluationFailed(String evaluation, String artifact, String code, String message, Instant at)
            implements Event {
    }

    /** Terminal: the evaluation was cancelled. */
    record EvaluationCancelled(String evaluation, String artifact, String by, Instant at) implements Event {
    }

    // ---- dead-letters ------------------------------------------------------------------------------------------

    /** A record that was given up, with the reason and where it was. {@code value}: its text, cut at 4,000 characters. */
    record DeadLetter(
            String topic, int partition, long offset, String key, String type, String code, String reason,
            String merge, String value, String by, Instant at) implements Event {
    }
}
