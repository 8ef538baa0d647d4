package io.amalgam.events.metric;

import java.util.Arrays;
import java.util.List;

/**
 * Every metric of the line: the one place that says its name, kind, labels and meaning. Services make meters from it
 * ({@link Meters}), {@code docs/metrics.md} is written from it, and what dashboards and alerts ask for is checked against
 * it.
 *
 * <p>Names are Micrometer's, with dots; {@link #prometheusName()} is what Prometheus sees.
 */
public enum Metric {

    /** Memory in use. */
    RESIDENT_MEMORY(Service.ALL, Kind.GAUGE, "amalgam.memory.resident", "bytes",
            "Memory that the process occupies, heap and everything else; absent where there is no /proc"),
    /** Memory there is. */
    MEMORY_LIMIT(Service.ALL, Kind.GAUGE, "amalgam.memory.limit", "bytes",
            "Memory that the process may occupy: its container's limit, or the machine's memory"),

    /** Orders that recipe-service answered. */
    MERGE_ORDERS(Service.RECIPE_SERVICE, Kind.COUNTER, "amalgam.merge.requests", "",
            "Orders by outcome: started, joined, complete, refused", "outcome"),
    /** Merges in the projection. */
    MERGES(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.merges", "", "Merges by state", "state"),
    /** What merge-workers are scaled on. */
    MERGE_BACKLOG(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.merge.backlog", "",
            "Merge work that waits or runs: unplanned requests, chunks, assemblies; scale workers on it"),
    /** Chunks alone. */
    CHUNK_BACKLOG(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.chunk.backlog", "",
            "Chunks of running merges that are not done"),
    /** Age of the oldest of them. */
    CHUNK_BACKLOG_AGE(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.chunk.backlog.age", "seconds",
            "How long the oldest running merge with unfinished chunks has been planned"),
    /** Age of the oldest request. */
    REQUEST_AGE(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.request.age", "seconds",
            "How long the oldest request that no worker has planned has waited"),
    /** From the order to the artifact. */
    ARTIFACT_TIME(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.artifact.time", "seconds",
            "Time from request to artifact of the merges completed within a day, by quantile", "quantile"),
    /** What eval-workers are scaled on. */
    EVALUATION_BACKLOG(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.evaluation.backlog", "",
            "Evaluation work that waits or runs: unplanned evaluations and open slices; scale workers on it"),
    /** Scores. */
    SCORE(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.score", "",
            "Primary metric of each task, of the newest 100 artifacts", "artifact", "name", "task", "metric"),
    /** How exact they are. */
    SCORE_STANDARD_ERROR(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.score.standard.error", "",
            "Standard error of amalgam_score", "artifact", "name", "task", "metric"),
    /** What no model falls below by knowing nothing. */
    SCORE_FLOOR(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.score.floor", "",
            "What the same questions give without looking at them: the best constant answer, or guessing", "task",
            "metric"),
    /** Letters that nobody has dealt with. */
    DEAD_LETTERS_OPEN(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.dead.letters", "",
            "Records that were given up and neither replayed nor dropped, by error code", "code"),
    /** Room in the store. */
    STORE_FREE(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.store.free", "bytes",
            "Free room of the artifact store's file system; absent for an object store"),
    /** Size of the store. */
    STORE_SIZE(Service.RECIPE_SERVICE, Kind.GAUGE, "amalgam.store.size", "bytes",
            "Size of the artifact store's file system; absent for an object store"),

    /** Requests that coordinators read. */
    REQUESTS(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.requests", "",
            "Requests and cancellations that the coordinator consumed", "type"),
    /** Merges that got somewhere. */
    MERGES_REACHED(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.merges", "",
            "Merges that reached a state: planned, completed, failed, cancelled", "state"),
    /** Work handed out. */
    CHUNKS_PUBLISHED(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.chunks.published", "",
            "Chunks and assemblies handed to the workers; again if it was not the first time", "again"),
    /** Computations begun. */
    CHUNKS_STARTED(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.chunks.started", "",
            "Chunks whose computation began"),
    /** Computations done. */
    CHUNKS_DONE(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.chunks.done", "",
            "Chunks that are done; reused if the shard was in the store already", "reused"),
    /** Computations that failed. */
    CHUNKS_FAILED(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.chunks.failed", "",
            "Chunks and assemblies that failed, by error code", "code"),
    /** Waits for something that is out. */
    CHUNKS_RETRIED(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.chunks.retried", "",
            "Times that a chunk was tried again by its worker, by error code", "code"),
    /** How long computations take. */
    CHUNK_DURATION(Service.MERGE_WORKER, Kind.HISTOGRAM, "amalgam.chunk.duration", "seconds",
            "Computation of a chunk, from its first byte to its receipt"),
    /** Bytes in. */
    READ(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.read", "bytes", "Bytes read from models"),
    /** Bytes out. */
    WRITTEN(Service.MERGE_WORKER, Kind.COUNTER, "amalgam.written", "bytes", "Bytes written to the store"),
    /** The ceiling of throughput. */
    COPY_CEILING(Service.MERGE_WORKER, Kind.GAUGE, "amalgam.copy.ceiling", "bytes_per_second",
            "Bytes read and written a second by a plain copy within the store, measured when the worker started"),
    /** Merges in hand. */
    COORDINATED_MERGES(Service.MERGE_WORKER, Kind.GAUGE, "amalgam.coordinated.merges", "",
            "Merges that this worker coordinates", "state"),
    /** Chunks in hand. */
    COORDINATED_CHUNKS(Service.MERGE_WORKER, Kind.GAUGE, "amalgam.coordinated.chunks", "",
            "Chunks and assemblies without a result: all (remaining), and those handed out (outstanding)", "state"),

    /** Questions. */
    QUESTIONS(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.questions.answered", "", "Questions answered by models",
            "task"),
    /** How long they take. */
    QUESTIONS_DURATION(Service.EVAL_WORKER, Kind.TIMER, "amalgam.questions.duration", "seconds",
            "Computation of batches of questions", "task"),
    /** Tokens. */
    TOKENS(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.tokens", "",
            "Tokens that went through models' forward passes; what questions have in common goes through once", "task"),
    /** Slices done. */
    SLICES_DONE(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.slices.done", "",
            "Slices of questions that are complete; reused if all answers were in the store", "reused"),
    /** Slices failed. */
    SLICES_FAILED(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.slices.failed", "",
            "Slices of questions that failed, by error code", "code"),
    /** Slices handed out. */
    SLICES_PUBLISHED(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.slices.published", "",
            "Slices of questions handed to the workers; again if it was not the first time", "again"),
    /** Evaluations ended. */
    EVALUATIONS(Service.EVAL_WORKER, Kind.COUNTER, "amalgam.evaluations", "", "Evaluations that ended", "state"),
    /** Evaluations in hand. */
    COORDINATED_EVALUATIONS(Service.EVAL_WORKER, Kind.GAUGE, "amalgam.coordinated.evaluations", "",
            "Evaluations that this worker coordinates"),
    /** Slices in hand. */
    COORDINATED_SLICES(Service.EVAL_WORKER, Kind.GAUGE, "amalgam.coordinated.slices", "",
            "Slices of questions without answers"),

    /** Nothing was heard for so long. */
    COORDINATED_QUIET(Service.WORKERS, Kind.GAUGE, "amalgam.coordinated.quiet", "seconds",
            "Time since anything was heard of the quietest merge or of open evaluations; 0 if nothing is open"),
    /** Records in hand. */
    WORK_HELD(Service.WORKERS, Kind.GAUGE, "amalgam.work.held", "", "Records of work that are held"),
    /** Records that came a second time. */
    WORK_REDELIVERED(Service.WORKERS, Kind.COUNTER, "amalgam.work.redelivered", "",
            "Records that had been delivered before: a worker died with them, or their lock expired"),
    /** Records given up. */
    DEAD_LETTERS(Service.WORKERS, Kind.COUNTER, "amalgam.dead.letters", "",
            "Records that this worker gave up, by error code and topic", "code", "topic"),
    /** The store's answers. */
    STORE_OPERATIONS(Service.WORKERS, Kind.TIMER, "amalgam.store.operation.duration", "seconds",
            "Operations on the artifact store, by what became of them: ok, or an error code", "operation", "outcome"),
    /** The sources' answers. */
    SOURCE_OPERATIONS(Service.WORKERS, Kind.TIMER, "amalgam.source.operation.duration", "seconds",
            "Models looked up where they come from (folder, hub, bucket), by what became of it: ok, or an error code",
            "operation", "outcome");

    /** Who has a metric. */
    public enum Service {
        /** All three. */
        ALL("all services"),
        /** REST, pages, the read side. */
        RECIPE_SERVICE("recipe-service"),
        /** Coordinates merges, makes shards. */
        MERGE_WORKER("merge-worker"),
        /** Coordinates evaluations, answers questions. */
        EVAL_WORKER("eval-worker"),
        /** Both kinds of workers. */
        WORKERS("merge-worker, eval-worker");

        private final String title;

        Service(String title) {
            this.title = title;
        }

        /** The name in documentation. */
        public String title() {
            return title;
        }
    }

    /** What kind of metric it is. */
    public enum Kind {
        /** Only grows. */
        COUNTER,
        /** Goes up and down. */
        GAUGE,
        /** Durations: how many, their sum, and the longest of late. */
        TIMER,
        /** Durations with buckets, so that quantiles can be asked for. */
        HISTOGRAM
    }

    private final Service service;
    private final Kind kind;
    private final String id;
    private final String unit;
    private final String help;
    private final List<String> labels;

    Metric(Service service, Kind kind, String id, String unit, String help, String... labels) {
        this.service = service;
        this.kind = kind;
        this.id = id;
        this.unit = unit;
        this.help = help;
        this.labels = List.of(labels);
    }

    /** Who has it. */
    public Service service() {
        return service;
    }

    /** What kind it is. */
    public Kind kind() {
        return kind;
    }

    /** Micrometer's name. */
    public String id() {
        return id;
    }

    /** Its base unit; empty if it is a number of things. */
    public String unit() {
        return unit;
    }

    /** What it tells, in a phrase. */
    public String help() {
        return help;
    }

    /** Names of its labels, beside those that Prometheus adds. */
    public List<String> labels() {
        return labels;
    }

    /** The name that Prometheus sees; of timers without {@code _count} and so on. */
    public String prometheusName() {
        String name = id.replace('.', '_') + (unit.isEmpty() ? "" : "_" + unit);
        return kind == Kind.COUNTER ? name + "_total" : name;
    }

    /** The names of all series that Prometheus sees. */
    public List<String> series() {
        String name = prometheusName();
        return switch (kind) {
            case COUNTER, GAUGE -> List.of(name);
            case TIMER -> List.of(name + "_count", name + "_sum", name + "_max");
            case HISTOGRAM -> List.of(name + "_count", name + "_sum", name + "_max", name + "_bucket");
        };
    }

    /** Labels with their values, checked: as many values as the metric has labels. */
    String[] tags(String... values) {
        if (values.length != labels.size()) {
            throw new IllegalArgumentException(
                    name() + " has the labels " + labels + "; got the values " + Arrays.toString(values));
        }
        String[] tags = new String[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            tags[2 * i] = labels.get(i);
            tags[2 * i + 1] = values[i];
        }
        return tags;
    }
}
