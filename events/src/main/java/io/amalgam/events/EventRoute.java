package io.amalgam.events;

import io.amalgam.events.Event.ArtifactCompleted;
import io.amalgam.events.Event.ArtifactDeleted;
import io.amalgam.events.Event.AssemblyCompleted;
import io.amalgam.events.Event.AssemblyFailed;
import io.amalgam.events.Event.AssemblyRequested;
import io.amalgam.events.Event.ChunkCompleted;
import io.amalgam.events.Event.ChunkFailed;
import io.amalgam.events.Event.ChunkRequested;
import io.amalgam.events.Event.DeadLetter;
import io.amalgam.events.Event.EvaluationCancellationRequested;
import io.amalgam.events.Event.EvaluationCancelled;
import io.amalgam.events.Event.EvaluationCompleted;
import io.amalgam.events.Event.EvaluationFailed;
import io.amalgam.events.Event.EvaluationTaskCompleted;
import io.amalgam.events.Event.EvaluationTaskFailed;
import io.amalgam.events.Event.EvaluationTaskRequested;
import io.amalgam.events.Event.MergeCancellationRequested;
import io.amalgam.events.Event.MergeCancelled;
import io.amalgam.events.Event.MergeCompleted;
import io.amalgam.events.Event.MergeFailed;
import io.amalgam.events.Event.MergePlanned;
import io.amalgam.events.Event.MergeProgressed;
import io.amalgam.events.Event.MergeRequested;
import io.amalgam.events.Event.ScoreCompared;
import io.amalgam.events.Event.ScoreRecorded;
import io.amalgam.events.Topics.Topic;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.kafka.common.utils.Utils;

/**
 * Where an event goes and what it is called.
 *
 * @param topic its topic
 * @param partitionKey what decides the partition: the merge, artifact or evaluation
 * @param recordKey the Kafka key. On compacted topics it is finer than the partition key, since the newest record of a
 *     key replaces the others
 * @param subject the CloudEvents subject
 * @param id the CloudEvents id: the same for every repetition of the event
 */
public record EventRoute(Topic topic, String partitionKey, String recordKey, String subject, String id) {

    /** The partition, as Kafka's own partitioner would choose it for {@code partitionKey}. */
    public int partition() {
        return partition(topic, partitionKey);
    }

    /** The partition of a topic that a merge, artifact or evaluation lies in. */
    public static int partition(Topic topic, String partitionKey) {
        return Utils.toPositive(Utils.murmur2(partitionKey.getBytes(StandardCharsets.UTF_8))) % topic.partitions();
    }

    /** The route of an event. */
    public static EventRoute of(Event event) {
        return switch (event) {
            case MergeRequested e -> plain(Topics.MERGE_REQUESTS, e.merge(), id(e, e.merge()));
            case MergeCancellationRequested e -> plain(Topics.MERGE_REQUESTS, e.merge(), id(e, e.merge()));
            case MergePlanned e -> {
                String merge = e.request().merge();
                yield compacted(Topics.MERGES, merge, merge + "/planned", id(e, merge));
            }
            case MergeProgressed e -> compacted(Topics.MERGES, e.merge(), e.merge() + "/progress",
                    id(e, e.merge(), e.chunksDone(), e.chunksRetried(), e.chunksPublished()));
            case MergeCompleted e -> terminal(e, e.merge());
            case MergeFailed e -> terminal(e, e.merge());
            case MergeCancelled e -> terminal(e, e.merge());
            case ChunkRequested e -> plain(Topics.MERGE_CHUNKS, e.merge() + "/" + e.index(),
                    id(e, e.merge(), e.index(), e.attempt(), e.round()));
            case AssemblyRequested e -> plain(Topics.MERGE_CHUNKS, e.merge() + "/assembly",
                    id(e, e.merge(), e.attempt(), e.round()));
            case ChunkCompleted e -> plain(Topics.CHUNK_RESULTS, e.merge(), id(e, e.merge(), e.index()));
            case ChunkFailed e ->
                plain(Topics.CHUNK_RESULTS, e.merge(), id(e, e.merge(), e.index(), e.attempt()));
            case AssemblyCompleted e -> plain(Topics.CHUNK_RESULTS, e.merge(), id(e, e.merge()));
            case AssemblyFailed e -> plain(Topics.CHUNK_RESULTS, e.merge(), id(e, e.merge(), e.attempt()));
            case ArtifactCompleted e ->
                compacted(Topics.ARTIFACTS, e.artifact(), e.artifact(), e.evaluationAttempt() == 1
                        ? id(e, e.artifact(), e.merge(), e.benchmarks())
                        : id(e, e.artifact(), e.merge(), e.benchmarks(), e.evaluationAttempt()));
            // The same key as the completion's: a log that is compacted does not bring the artifact back.
            case ArtifactDeleted e ->
                compacted(Topics.ARTIFACTS, e.artifact(), e.artifact(), id(e, e.artifact(), e.merge(), e.at()));
            case EvaluationTaskRequested e -> plain(Topics.EVALUATION_TASKS,
                    e.evaluation() + "/" + e.model().identity() + "/" + e.task() + "/" + e.from(),
                    id(e, e.evaluation(), e.model().identity(), e.taskDigest(), e.from(), e.to(), e.attempt(),
                            e.round()));
            case EvaluationTaskCompleted e -> plain(Topics.EVALUATION_RESULTS, e.evaluation(),
                    id(e, e.evaluation(), e.modelIdentity(), e.taskDigest(), e.from(), e.to()));
            case EvaluationTaskFailed e -> plain(Topics.EVALUATION_RESULTS, e.evaluation(),
                    id(e, e.evaluation(), e.modelIdentity(), e.task(), e.from(), e.to(), e.attempt()));
            case ScoreRecorded e -> compacted(Topics.SCORES, e.evaluation(),
                    e.evaluation() + "/" + e.modelIdentity() + "/" + e.task(),
                    id(e, e.evaluation(), e.modelIdentity(), e.taskDigest(), e.questions()));
            case ScoreCompared e -> compacted(Topics.SCORES, e.evaluation(),
                    e.evaluation() + "/" + e.parentIdentity() + "/" + e.task() + "/compared/" + e.metric(),
                    id(e, e.evaluation(), e.parentIdentity(), e.task(), e.metric(), e.questions()));
            case EvaluationCompleted e -> compacted(Topics.SCORES, e.evaluation(), e.evaluation() + "/completed",
                    id(e, e.evaluation(), e.benchmarks(), e.merge(), e.attempt()));
            case EvaluationFailed e -> compacted(Topics.SCORES, e.evaluation(), e.evaluation() + "/failed",
                    id(e, e.evaluation(), e.benchmarks(), e.merge(), e.attempt()));
            case EvaluationCancelled e -> compacted(Topics.SCORES, e.evaluation(), e.evaluation() + "/cancelled",
                    id(e, e.evaluation(), e.benchmarks(), e.merge(), e.attempt()));
            // Among the results, since it is the evaluation's coordinator that reads both.
            case EvaluationCancellationRequested e ->
                plain(Topics.EVALUATION_RESULTS, e.evaluation(), id(e, e.evaluation(), e.requestedAt()));
            case DeadLetter e -> plain(Topics.DEAD_LETTERS, e.merge() == null ? e.topic() : e.merge(),
                    id(e, e.topic(), e.partition(), e.offset()));
        };
    }

    /** The CloudEvents type of an event's class. */
    public static String type(Class<? extends Event> event) {
        return "io.amalgam." + event.getSimpleName();
    }

    private static EventRoute plain(Topic topic, String key, String id) {
        return new EventRoute(topic, key, key, key, id);
    }

    private static EventRoute compacted(Topic topic, String partitionKey, String recordKey, String id) {
        return new EventRoute(topic, partitionKey, recordKey, partitionKey, id);
    }

    /** A random key each: were a repetition to replace the first, another terminal event could move to the front. */
    private static EventRoute terminal(Event event, String merge) {
        return compacted(Topics.MERGES, merge, merge + "/end/" + UUID.randomUUID(), id(event, merge));
    }

    private static String id(Event event, Object... parts) {
        String[] texts = new String[parts.length + 1];
        texts[0] = type(event.getClass());
        for (int i = 0; i < parts.length; i++) {
            texts[i + 1] = String.valueOf(parts[i]);
        }
        return Identifiers.of(texts);
    }
}
