package io.amalgam.events;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Every event of the line. A record's JSON is the Kafka value; CloudEvents attributes are headers (see EventCodec).
 *
 * <p>Rules that hold for ever: a field is only added, never renamed, removed or given another meaning; a reader ignores
 * fields it does not know; a record that lacks a field which is not {@link Optional} is unreadable; no event exceeds
 * 8 KB. {@code code} is the name of an engine {@code ErrorCode}. Each record's JSON Schema lies in
 * {@code schemas/<record>.json}.
 */
public sealed interface Event {

    /** Marks a field that a record may lack: it is then null, zero or empty. Every field added later carries it. */
    @Target({ElementType.FIELD, ElementType.METHOD, ElementType.PARAMETER, ElementType.RECORD_COMPONENT})
    @Retention(RetentionPolicy.RUNTIME)
    @interface Optional {
    }

    // ---- merge-requests, keyed by merge ------------------------------------------------------------------------

    /** A merge was accepted. {@code pinned} is the store location of the pinned recipe. */
    record MergeRequested(
            String merge, int attempt, String artifact, @Optional String name, @Optional String method, String pinned,
            @Optional String tenant, @Optional List<String> benchmarks, int numerics, Instant requestedAt)
            implements Event {
        /** Keeps the list as it is now. */
        public MergeRequested {
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    /** Somebody asks that a merge end. */
    record MergeCancellationRequested(String merge, @Optional String by, @Optional String reason, Instant requestedAt)
            implements Event {
    }

    // ---- merges: the lifecycle log -----------------------------------------------------------------------------

    /** The coordinator has accepted and planned a merge. Carries the request, so that the log alone recovers it. */
    record MergePlanned(
            MergeRequested request, String plan, int chunks, long bytesToRead, long bytesToWrite, Instant at)
            implements Event {
    }

    /**
     * How far a merge is; only the newest matters. {@code chunksPublished}: chunks below this index have been handed to
     * the workers, so that a coordinator that takes over waits for them before it hands them out again.
     */
    record MergeProgressed(
            String merge, int chunksDone, int chunks, int chunksRetried, long bytesRead, long bytesWritten,
            int chunksPublished, Instant at) implements Event {
    }

    /** Terminal: the artifact is visible. */
    record MergeCompleted(String merge, String artifact, String location, String manifestSha256, Instant at)
            implements Event {
    }

    /** Terminal: the merge cannot be completed. */
    record MergeFailed(String merge, String artifact, String code, String message, Instant at) implements Event {
    }

    /** Terminal: the merge was cancelled. */
    record MergeCancelled(
            String merge, String artifact, @Optional String by, @Optional String reason, Instant at) implements Event {
    }

    // ---- merge-chunks: work, in a share group ------------------------------------------------------------------

    /**
     * Work: make one shard. {@code slice} is the store location of the chunk's plan; {@code attempt} counts its
     * deterministic failures, from 1; {@code round} how often it was handed out without an answer, from 1.
     */
    record ChunkRequested(
            String merge, String artifact, String plan, int index, int count, String slice, int numerics, int attempt,
            int round, long bytesToRead, long deadlineSeconds, Instant at) implements Event {
    }

    /** Work: make the artifact visible. */
    record AssemblyRequested(
            String merge, String artifact, String plan, int count, String pinned, int numerics, int attempt, int round,
            long deadlineSeconds, Instant at) implements Event {
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

    /** The assembly failed deterministically. */
    record AssemblyFailed(String merge, int attempt, String code, String message, String worker, Instant at)
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

    /**
     * An artifact is complete. {@code models}: the artifact itself, its parents and its base. Told again with more
     * {@code benchmarks}, it is the same artifact, to be scored with those too; told again with a higher
     * {@code evaluationAttempt}, it is to be scored once more because that failed or was cancelled.
     */
    record ArtifactCompleted(
            String artifact, String merge, @Optional String name, @Optional String method, String location,
            String manifestSha256, long bytes, List<ModelPlace> models, @Optional List<String> benchmarks,
            @Optional int evaluationAttempt, Instant at) implements Event {
        /** Keeps the lists as they are now; attempts count from 1. */
        public ArtifactCompleted {
            evaluationAttempt = Math.max(1, evaluationAttempt);
            models = List.copyOf(models);
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    /** An artifact was deleted. {@code merge} had made it. */
    record ArtifactDeleted(
            String artifact, @Optional String merge, @Optional String by, @Optional String reason, Instant at)
            implements Event {
    }

    // ---- evaluation-tasks: work, in a share group --------------------------------------------------------------

    /** Work: questions {@code from} (inclusive) to {@code to} (exclusive) of a task, for a model. */
    record EvaluationTaskRequested(
            String evaluation, ModelPlace model, String task, String taskDigest, int from, int to, int total,
            int attempt, int round, long deadlineSeconds, Instant at) implements Event {
    }

    // ---- evaluation-results, keyed by evaluation ----------------------------------------------------------------

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

    /** Somebody asks that an evaluation end. */
    record EvaluationCancellationRequested(
            String evaluation, @Optional String by, @Optional String reason, Instant requestedAt) implements Event {
    }

    // ---- scores, keyed by model identity and task --------------------------------------------------------------

    /** What a model scored on a task. {@code metrics}: names as lm-evaluation-harness has them. */
    record ScoreRecorded(
            String evaluation, String modelName, String modelIdentity, ModelPlace.Role role, String artifact,
            String task, String taskDigest, int questions, String primaryMetric, Map<String, Double> metrics,
            Map<String, Double> standardErrors, double chance, double floor, boolean limited, String engine,
            Instant at) implements Event {
        /** Keeps the maps as they are now. */
        public ScoreRecorded {
            metrics = Map.copyOf(metrics);
            standardErrors = Map.copyOf(standardErrors);
        }
    }

    /** The paired difference of an artifact and a parent on the same questions. */
    record ScoreCompared(
            String evaluation, String artifact, String parentName, String parentIdentity, String task, String metric,
            int questions, double difference, double standardError, double low, double high, int better, int worse,
            double pValue, String verdict, Instant at) implements Event {
    }

    /**
     * Terminal: every task of every model of an artifact has a score. {@code benchmarks}: what was asked for;
     * {@code merge} and {@code attempt}: in which order, as the artifact's event had them.
     */
    record EvaluationCompleted(
            String evaluation, String artifact, @Optional List<String> benchmarks, @Optional String merge,
            @Optional int attempt, Instant at) implements Event {
        /** Keeps the list as it is now; attempts count from 1. */
        public EvaluationCompleted {
            attempt = Math.max(1, attempt);
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    /** Terminal: a task could not be scored. */
    record EvaluationFailed(
            String evaluation, String artifact, @Optional List<String> benchmarks, @Optional String merge,
            @Optional int attempt, String code, String message, Instant at) implements Event {
        /** Keeps the list as it is now; attempts count from 1. */
        public EvaluationFailed {
            attempt = Math.max(1, attempt);
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    /** Terminal: the evaluation was cancelled. */
    record EvaluationCancelled(
            String evaluation, String artifact, @Optional List<String> benchmarks, @Optional String merge,
            @Optional int attempt, @Optional String by, Instant at) implements Event {
        /** Keeps the list as it is now; attempts count from 1. */
        public EvaluationCancelled {
            attempt = Math.max(1, attempt);
            benchmarks = benchmarks == null ? List.of() : List.copyOf(benchmarks);
        }
    }

    // ---- dead-letters ------------------------------------------------------------------------------------------

    /**
     * A record that was given up, with the reason and where it was. {@code value}: its text, cut so that it fits.
     * {@code trace}: the W3C trace id that the record carried.
     */
    record DeadLetter(
            String topic, int partition, long offset, @Optional String key, @Optional String type, String code,
            String reason, @Optional String merge, @Optional String value, String by, Instant at,
            @Optional String trace) implements Event {
    }
}
