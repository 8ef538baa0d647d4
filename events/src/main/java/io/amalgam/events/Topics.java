package io.amalgam.events;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The topics of the line and the share groups that work on them: everything a cluster has to be told.
 *
 * <p>Partition counts are part of the contract: an event's partition is computed from its partition key (the merge, or
 * the artifact) and the count given here, so that topics of the same count keep a merge's records in partitions of the
 * same number. One consumer of several such topics under the range assignor therefore owns all of a merge.
 */
public final class Topics {

    /** What becomes of old records. */
    public enum Cleanup {
        /** The newest record of each key stays for ever. */
        COMPACT,
        /** Records are dropped when they are older than the retention. */
        DELETE
    }

    /**
     * A topic.
     *
     * @param name its name
     * @param partitions how many partitions it has
     * @param cleanup what becomes of old records
     * @param retention how long records stay; null for ever
     */
    public record Topic(String name, int partitions, Cleanup cleanup, Duration retention) {

        /** The topic's configuration, by Kafka's names. */
        public Map<String, String> configuration() {
            Map<String, String> configuration = new TreeMap<>();
            configuration.put("cleanup.policy", cleanup == Cleanup.COMPACT ? "compact" : "delete");
            configuration.put("retention.ms", retention == null ? "-1" : Long.toString(retention.toMillis()));
            return configuration;
        }
    }

    /**
     * A share group: the workers that share a topic's records.
     *
     * @param name the group's name
     * @param topic what it works on
     */
    public record WorkGroup(String name, Topic topic) {

        /** The group's configuration, by Kafka's names. */
        public Map<String, String> configuration() {
            Map<String, String> configuration = new TreeMap<>();
            configuration.put("share.auto.offset.reset", "earliest");
            configuration.put("share.record.lock.duration.ms", Long.toString(WORK_LOCK.toMillis()));
            return configuration;
        }
    }

    /**
     * How long a worker may hold a record of work before it is given to another: 15 minutes. Above Kafka's default
     * ceiling of 60 s, so the broker must allow it ({@link #brokerConfiguration()}). It matters only for workers that
     * hang: the records of one whose connection breaks are given away at once.
     */
    public static final Duration WORK_LOCK = Duration.ofMinutes(15);

    private static final int KEYED_PARTITIONS = 8;
    /**
     * One, so that every worker is assigned it: any free worker takes the next record, and a killed worker's record goes
     * to another at once. With more partitions than workers each would belong to one worker only, and would wait for the
     * session of a dead one to time out.
     */
    private static final int WORK_PARTITIONS = 1;

    /**
     * Requests and cancellations, partitioned by merge. Kept long: a request that no worker has read yet must survive
     * a line that stands still.
     */
    public static final Topic MERGE_REQUESTS =
            new Topic("merge-requests", KEYED_PARTITIONS, Cleanup.DELETE, Duration.ofDays(90));

    /**
     * The lifecycle log, partitioned by merge: planned, progress, and how it ended. Compacted and never expired, since
     * it is what coordinators recover from and read sides are rebuilt from. Progress of a merge replaces earlier
     * progress; terminal events have keys of their own each, so that compaction never changes which one was first.
     */
    public static final Topic MERGES = new Topic("merges", KEYED_PARTITIONS, Cleanup.COMPACT, null);

    /** Chunks and assemblies to do. What expires unread is published again by the merge's coordinator. */
    public static final Topic MERGE_CHUNKS =
            new Topic("merge-chunks", WORK_PARTITIONS, Cleanup.DELETE, Duration.ofDays(7));

    /** What became of chunks and assemblies, partitioned by merge. A result that is lost is found again by its receipt. */
    public static final Topic CHUNK_RESULTS =
            new Topic("chunk-results", KEYED_PARTITIONS, Cleanup.DELETE, Duration.ofDays(7));

    /** Finished artifacts, by artifact. Compacted and never expired. */
    public static final Topic ARTIFACTS = new Topic("artifacts", KEYED_PARTITIONS, Cleanup.COMPACT, null);

    /** Benchmark slices to do. What expires unread is published again by the evaluation's coordinator. */
    public static final Topic EVALUATION_TASKS =
            new Topic("evaluation-tasks", WORK_PARTITIONS, Cleanup.DELETE, Duration.ofDays(7));

    /**
     * What became of benchmark slices, partitioned by evaluation. Same partition count as {@link #ARTIFACTS}: an
     * evaluation named by its artifact's key has its results in the partition of that artifact's number.
     */
    public static final Topic EVALUATION_RESULTS =
            new Topic("evaluation-results", KEYED_PARTITIONS, Cleanup.DELETE, Duration.ofDays(7));

    /** Scores, comparisons and how evaluations ended. Compacted and never expired: read sides are rebuilt from it. */
    public static final Topic SCORES = new Topic("scores", KEYED_PARTITIONS, Cleanup.COMPACT, null);

    /** Records that were given up, with the reason. */
    public static final Topic DEAD_LETTERS = new Topic("dead-letters", 1, Cleanup.DELETE, Duration.ofDays(30));

    /** CloudEvents of others, in structured or binary mode, that fire triggers. Not events of the line. */
    public static final Topic TRIGGER_EVENTS =
            new Topic("trigger-events", 1, Cleanup.DELETE, Duration.ofDays(7));

    /** What triggers tell others: CloudEvents in structured mode, keyed by trigger. Not events of the line. */
    public static final Topic NOTIFICATIONS = new Topic("notifications", 1, Cleanup.DELETE, Duration.ofDays(7));

    /** Workers that make shards. */
    public static final WorkGroup CHUNK_WORKERS = new WorkGroup("chunk-workers", MERGE_CHUNKS);

    /** Workers that answer benchmark questions. */
    public static final WorkGroup EVALUATION_WORKERS = new WorkGroup("evaluation-workers", EVALUATION_TASKS);

    /** Every topic, in the order of the line. */
    public static final List<Topic> ALL = List.of(
            MERGE_REQUESTS, MERGES, MERGE_CHUNKS, CHUNK_RESULTS, ARTIFACTS, EVALUATION_TASKS, EVALUATION_RESULTS,
            SCORES, DEAD_LETTERS, TRIGGER_EVENTS, NOTIFICATIONS);

    /** Names of the topics whose records belong to a merge each. */
    static final Set<String> KEYED_BY_MERGE =
            Set.of(MERGE_REQUESTS.name(), MERGES.name(), MERGE_CHUNKS.name(), CHUNK_RESULTS.name());

    /** Every share group. */
    public static final List<WorkGroup> WORK_GROUPS = List.of(CHUNK_WORKERS, EVALUATION_WORKERS);

    private Topics() {
    }

    /**
     * What a broker must be started with for the groups' settings to be allowed, as lines {@code name=value}: the
     * embedded broker is started with them, and the documentation lists them for clusters of others.
     */
    public static List<String> brokerConfiguration() {
        List<String> lines = new ArrayList<>();
        lines.add("group.share.max.record.lock.duration.ms=" + WORK_LOCK.toMillis());
        return lines;
    }
}
