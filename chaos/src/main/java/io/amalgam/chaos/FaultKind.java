package io.amalgam.chaos;

/** What is broken. Faults come from outside: signals, an administrator's requests, records of others, locks, limits. */
enum FaultKind {
    /** SIGKILL of a merge-worker, whatever it does. */
    MERGE_WORKER_KILLED("merge-worker killed", 6),
    /** SIGKILL of a merge-worker that was seen with an unfinished shard. */
    KILLED_WITHIN_SHARD("merge-worker killed within a shard", 6),
    /** SIGKILL of all merge-workers when a shard's receipt appears: before or while its result is published. */
    KILLED_AT_RECEIPT("merge-workers killed at a receipt", 4),
    /** SIGKILL of all merge-workers when an artifact's manifest appears: before or while that is told. */
    KILLED_AT_MANIFEST("merge-workers killed at a manifest", 4),
    /** SIGSTOP of a merge-worker, SIGCONT seconds later. */
    MERGE_WORKER_STOPPED("merge-worker stopped for a while", 5),
    /** SIGKILL of an eval-worker. */
    EVAL_WORKER_KILLED("eval-worker killed", 3),
    /** SIGSTOP of an eval-worker, SIGCONT seconds later. */
    EVAL_WORKER_STOPPED("eval-worker stopped for a while", 2),
    /** SIGKILL of a replica of recipe-service. */
    RECIPE_SERVICE_KILLED("recipe-service killed", 3),
    /** SIGKILL of a replica of recipe-service while a transaction of its waits for a lock. */
    KILLED_IN_TRANSACTION("recipe-service killed in a transaction", 3),
    /** SIGSTOP of a replica of recipe-service, SIGCONT seconds later. */
    RECIPE_SERVICE_STOPPED("recipe-service stopped for a while", 2),
    /** SIGKILL of the broker, which is started again. */
    BROKER_KILLED("broker killed", 2),
    /** SIGSTOP of the broker, SIGCONT seconds later. */
    BROKER_STOPPED("broker stopped for a while", 2),
    /** SIGKILL of the database's server, which is started again. */
    DATABASE_KILLED("database killed", 2),
    /** All connections to the database are closed by an administrator. */
    CONNECTIONS_CLOSED("database connections closed", 3),
    /** All members of a consumer group are removed by an administrator. */
    CONSUMERS_REMOVED("consumers removed by an administrator", 4),
    /** Records of any age are published again, in another order. */
    RECORDS_REPEATED("records repeated in another order", 6),
    /** A record that cannot be read is published. */
    POISON_PUBLISHED("unreadable record published", 3),
    /** For seconds a merge-worker cannot write a file beyond a size (a limit on the process), as on a full disk. */
    WRITES_REFUSED("merge-worker's writes refused for a while", 3);

    private final String words;
    private final int weight;

    FaultKind(String words, int weight) {
        this.words = words;
        this.weight = weight;
    }

    /** What the report calls it. */
    String words() {
        return words;
    }

    /** How often it is chosen, beside the others' weights. */
    int weight() {
        return weight;
    }
}
