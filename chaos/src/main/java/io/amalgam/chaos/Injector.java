package io.amalgam.chaos;

import io.amalgam.events.Topics;
import io.amalgam.stack.Stack;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.common.KafkaException;

/** Injects faults of every kind into a running stack. */
final class Injector {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(6);
    private static final long SHORTEST_STOP_MILLIS = 1_000;
    private static final long LONGEST_STOP_MILLIS = 12_000;
    private static final int ANSWER_SECONDS = 15;
    private static final List<String> GROUPS =
            List.of("merge-coordinators", "evaluation-coordinators", "recipe-service");
    private static final List<Topics.Topic> POISONED = List.of(
            Topics.MERGE_REQUESTS, Topics.MERGE_CHUNKS, Topics.CHUNK_RESULTS, Topics.EVALUATION_TASKS,
            Topics.EVALUATION_RESULTS);

    private final Stack stack;
    private final Processes processes;
    private final Path store;
    private final Random kinds;
    private final Random random;

    /**
     * Prepares to break a stack.
     *
     * @param store the artifact store's folder, watched for the moments at which to strike
     * @param kinds decides on kinds of faults; of its own, so that the kinds' sequence is the seed's whatever they meet
     * @param random decides whom and for how long
     */
    Injector(Stack stack, Processes processes, Path store, Random kinds, Random random) {
        this.stack = stack;
        this.processes = processes;
        this.store = store;
        this.kinds = kinds;
        this.random = random;
    }

    /** A kind of fault, chosen by the weights. */
    FaultKind choose() {
        int sum = 0;
        for (FaultKind kind : FaultKind.values()) {
            sum += kind.weight();
        }
        int point = kinds.nextInt(sum);
        for (FaultKind kind : FaultKind.values()) {
            point -= kind.weight();
            if (point < 0) {
                return kind;
            }
        }
        throw new IllegalStateException("weights do not add up");
    }

    /**
     * Injects a fault.
     *
     * @return what was done, in words; empty if the moment for it did not come, or there was nobody to do it to
     */
    Optional<String> inject(FaultKind kind) throws InterruptedException {
        try {
            return switch (kind) {
                case MERGE_WORKER_KILLED -> kill("merge-worker");
                case KILLED_WITHIN_SHARD -> killWithinShard();
                case KILLED_AT_RECEIPT -> killWorkersWhen(".staging", "receipts");
                case KILLED_AT_MANIFEST -> killWorkersWhen("artifacts", "amalgam.json");
                case MERGE_WORKER_STOPPED -> stop("merge-worker");
                case EVAL_WORKER_KILLED -> kill("eval-worker");
                case EVAL_WORKER_STOPPED -> stop("eval-worker");
                case RECIPE_SERVICE_KILLED -> kill("recipe-service");
                case KILLED_IN_TRANSACTION -> killInTransaction();
                case RECIPE_SERVICE_STOPPED -> stop("recipe-service");
                case BROKER_KILLED -> kill("broker");
                case BROKER_STOPPED -> stop("broker");
                case DATABASE_KILLED -> processes.databaseServer().map(this::killed);
                case CONNECTIONS_CLOSED -> closeConnections();
                case CONSUMERS_REMOVED -> removeConsumers();
                case RECORDS_REPEATED -> repeatRecords();
                case POISON_PUBLISHED -> poison();
                case WRITES_REFUSED -> refuseWrites();
            };
        } catch (IOException | SQLException | ExecutionException | KafkaException failure) {
            // What was to be broken is broken already by another fault.
            return Optional.empty();
        }
    }

    private Optional<String> kill(String kind) {
        return one(kind).map(this::killed);
    }

    private String killed(ProcessHandle process) {
        processes.kill(process);
        return "process " + process.pid();
    }

    private Optional<String> stop(String kind) throws IOException, InterruptedException {
        long millis = random.nextLong(SHORTEST_STOP_MILLIS, LONGEST_STOP_MILLIS);
        Optional<ProcessHandle> process = one(kind);
        if (process.isPresent()) {
            processes.stopFor(process.get(), millis);
        }
        return process.map(stopped -> "process " + stopped.pid() + " for " + millis + " ms");
    }

    private Optional<String> refuseWrites() throws IOException, InterruptedException {
        long millis = random.nextLong(SHORTEST_STOP_MILLIS, LONGEST_STOP_MILLIS);
        long bytes = random.nextLong(1, 500_000);
        Optional<ProcessHandle> process = one("merge-worker");
        if (process.isPresent()) {
            processes.limitWrites(process.get(), bytes, millis);
        }
        return process.map(limited ->
                "process " + limited.pid() + " beyond " + bytes + " bytes a file for " + millis + " ms");
    }

    private Optional<ProcessHandle> one(String kind) {
        List<ProcessHandle> running = processes.running(kind);
        return running.isEmpty() ? Optional.empty() : Optional.of(running.get(random.nextInt(running.size())));
    }

    /** Stops workers until one is found that, stopped and unable to get any further, has a shard open; kills that one. */
    private Optional<String> killWithinShard() throws IOException, InterruptedException {
        long end = System.nanoTime() + LOOK_NANOS;
        while (System.nanoTime() < end) {
            for (ProcessHandle worker : processes.running("merge-worker")) {
                if (processes.unfinishedShard(worker).isEmpty()) {
                    continue;
                }
                Processes.signal("STOP", worker);
                Optional<String> shard = processes.unfinishedShard(worker);
                if (shard.isPresent()) {
                    processes.kill(worker);
                    return Optional.of("process " + worker.pid() + " with " + shard.get());
                }
                Processes.signal("CONT", worker);
            }
            Thread.sleep(1);
        }
        return Optional.empty();
    }

    /** Kills all merge-workers at once when a file appears in a folder of an artifact that was not there before. */
    private Optional<String> killWorkersWhen(String area, String name) throws IOException, InterruptedException {
        Set<Path> before = find(area, name, Set.of());
        Set<Path> fresh = new HashSet<>();
        boolean seen = await(() -> {
            fresh.addAll(find(area, name, before));
            return !fresh.isEmpty();
        });
        if (!seen) {
            return Optional.empty();
        }
        List<ProcessHandle> workers = processes.running("merge-worker");
        workers.forEach(processes::kill);
        return workers.isEmpty() ? Optional.empty()
                : Optional.of(workers.size() + " processes at " + store.relativize(fresh.iterator().next()));
    }

    /** Files of a name, or files in a folder of that name, in all artifacts' folders of an area, but for those known. */
    private Set<Path> find(String area, String name, Set<Path> known) {
        Set<Path> found = new HashSet<>();
        try (DirectoryStream<Path> artifacts = Files.newDirectoryStream(store.resolve(area))) {
            for (Path artifact : artifacts) {
                Path place = artifact.resolve(name);
                if (known.contains(place)) {
                    continue;
                }
                if (Files.isRegularFile(place)) {
                    found.add(place);
                } else if (Files.isDirectory(place)) {
                    try (DirectoryStream<Path> files = Files.newDirectoryStream(place)) {
                        files.forEach(found::add);
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException noneOrMovedMeanwhile) {
            // What was found until then counts.
        }
        found.removeAll(known);
        return found;
    }

    /** Takes a lock that the projection's transactions need, and kills a replica that waits for it. */
    private Optional<String> killInTransaction() throws SQLException, InterruptedException {
        // Closing the holder's connection gives the lock back.
        try (Connection holder = connect(); Connection observer = connect()) {
            holder.setAutoCommit(false);
            try (Statement statement = holder.createStatement()) {
                statement.execute("lock table projection.merge in exclusive mode");
            }
            List<String> waiting = new ArrayList<>();
            await(() -> waiting.addAll(waiting(observer)));
            return waiting.stream().findFirst().flatMap(processes::find).map(this::killed);
        }
    }

    /** The replicas, by the names of their processes, of which a transaction waits for a lock. */
    private static List<String> waiting(Connection observer) {
        List<String> names = new ArrayList<>();
        try (Statement statement = observer.createStatement();
                ResultSet waiting = statement.executeQuery("""
                        select application_name from pg_stat_activity
                        where wait_event_type = 'Lock' and application_name like 'recipe-service%'""")) {
            while (waiting.next()) {
                names.add(waiting.getString(1));
            }
        } catch (SQLException gone) {
            return List.of();
        }
        return names;
    }

    private Optional<String> closeConnections() throws SQLException {
        try (Connection administrator = connect(); Statement statement = administrator.createStatement();
                ResultSet closed = statement.executeQuery("""
                        select count(pg_terminate_backend(pid)) from pg_stat_activity
                        where pid <> pg_backend_pid() and backend_type = 'client backend'""")) {
            closed.next();
            return Optional.of(closed.getInt(1) + " connections");
        }
    }

    private Connection connect() throws SQLException {
        String url = stack.databaseUrl() + (stack.databaseUrl().contains("?") ? "&" : "?")
                + "connectTimeout=5&socketTimeout=" + ANSWER_SECONDS;
        return DriverManager.getConnection(url, "postgres", "postgres");
    }

    private Optional<String> removeConsumers() throws InterruptedException, ExecutionException {
        String group = GROUPS.get(random.nextInt(GROUPS.size()));
        try (Admin admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, stack.bootstrapServers(),
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_SECONDS * 1000,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_SECONDS * 500))) {
            admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions()).all().get();
            return Optional.of("all of group " + group);
        }
    }

    private Optional<String> repeatRecords() throws InterruptedException, ExecutionException {
        Topics.Topic topic = Topics.ALL.get(random.nextInt(Topics.ALL.size()));
        int count = Topic.repeat(stack.bootstrapServers(), topic, random);
        return count == 0 ? Optional.empty() : Optional.of(count + " of " + topic.name());
    }

    private Optional<String> poison() throws InterruptedException, ExecutionException {
        Topics.Topic topic = POISONED.get(random.nextInt(POISONED.size()));
        Topic.poison(stack.bootstrapServers(), topic, random);
        return Optional.of("in " + topic.name());
    }

    private static boolean await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LOOK_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            Thread.sleep(1);
        }
        return true;
    }
}
