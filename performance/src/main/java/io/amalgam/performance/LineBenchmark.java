package io.amalgam.performance;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.broker.ChildJvm;
import io.amalgam.engine.store.FileSystemStore;
import io.amalgam.events.Event;
import io.amalgam.events.EventCodec;
import io.amalgam.events.EventCodec.Received;
import io.amalgam.events.EventPublisher;
import io.amalgam.events.EventRoute;
import io.amalgam.events.LogReader;
import io.amalgam.events.Topics;
import io.amalgam.mergeworker.coordination.Coordinator;
import io.amalgam.mergeworker.coordination.MergePlanning;
import io.amalgam.mergeworker.coordination.MergesView;
import io.amalgam.stack.GeneratedModels;
import io.amalgam.stack.ServiceClient;
import io.amalgam.stack.Stack;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code amalgam bench line}: what the line itself costs. A synthetic merge of many chunks goes through a real Kafka, a
 * real recipe-service and real coordination to workers that are processes of their own and whose arithmetic is a pause
 * ({@link SimulatedWorker}).
 */
@Command(name = "line", mixinStandardHelpOptions = true,
        description = "Chunks per second and overhead a chunk with simulated work, the pause when a worker dies, many "
                + "merges at once, memory of recipe-service, sizes of events.")
public final class LineBenchmark implements Callable<Integer> {
    /** Tensors of 8 KiB, seven a layer, each a shard of its own. */
    private static final int TENSORS_PER_LAYER = 7;
    private static final int WIDTH = 64;
    private static final String SHARD_SIZE = "8500";
    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final int DEATHS = 5;
    private static final int WORKERS_WITH_DEATHS = 4;
    /** Chunks in the hands of the workers, of which one dies. */
    private static final int IN_HAND = WORKERS_WITH_DEATHS * SimulatedWorker.SLOTS;
    /** Results between one death and the next. */
    private static final int RESULTS_BETWEEN_DEATHS = 80;
    private static final Duration WORKER_START = Duration.ofMinutes(5);

    @Option(names = "--chunks", paramLabel = "N", defaultValue = "10000", description = "Of each merge (default: 10000).")
    private int chunks;

    @Option(names = "--workers", paramLabel = "N", split = ",", defaultValue = "1,2,4,8",
            description = "Numbers of workers to measure with (default: 1,2,4,8).")
    private List<Integer> workers;

    @Option(names = "--work-millis", paramLabel = "MS", defaultValue = "10",
            description = "How long a simulated chunk takes (default: 10).")
    private int workMillis;

    @Option(names = "--merges", paramLabel = "N", defaultValue = "1000",
            description = "Merges that are queued at once (default: 1000); 0 leaves that out.")
    private int merges;

    @Option(names = "--no-deaths", description = "Leave the deaths of workers out.")
    private boolean withoutDeaths;

    @Option(names = "--work", paramLabel = "DIR",
            description = "Folder for everything that is written (default: .amalgam/bench-line of the project).")
    private Path work;

    private final PrintStream out = System.out;
    private final List<Received> lifecycle = new CopyOnWriteArrayList<>();
    private final List<Event.ChunkCompleted> results = Collections.synchronizedList(new ArrayList<>());
    private final List<ChildJvm> children = new ArrayList<>();
    private final Map<String, long[]> sizes = new TreeMap<>();
    private Stack stack;
    private ServiceClient service;
    private Path store;
    private int recipes;

    /**
     * Measures, prints, and exits.
     *
     * @param arguments options
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new LineBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        BenchmarkFolder folder = BenchmarkFolder.open(work, "bench-line");
        store = folder.store();
        int layers = Math.ceilDiv(chunks, TENSORS_PER_LAYER);
        for (int model = 0; model < 2; model++) {
            GeneratedModels.write(folder.models().resolve("large-" + model),
                    new GeneratedModels.Shape(WIDTH, WIDTH, layers, WIDTH), model);
            GeneratedModels.write(folder.models().resolve("small-" + model),
                    new GeneratedModels.Shape(WIDTH, WIDTH, 1, WIDTH), model);
        }
        stack = folder.stack(0, out);
        try (Stack running = stack) {
            running.start();
            service = new ServiceClient(running.address());
            measure();
        } finally {
            children.forEach(ChildJvm::kill);
        }
        folder.remove();
        return 0;
    }

    private void measure() throws Exception {
        Map<String, Object> connection = Map.of("bootstrap.servers", stack.bootstrapServers());
        Clock clock = Clock.systemUTC();
        MergesView view = new MergesView(clock);
        try (EventPublisher publisher = new EventPublisher(connection, "coordinator", clock);
                LogReader log = new LogReader(connection, Topics.MERGES, received -> {
                    view.accept(received);
                    lifecycle.add(received);
                });
                Coordinator coordinator = new Coordinator(
                        publisher, new MergePlanning(new FileSystemStore(store, false)), view, log, clock, event -> { });
                LogReader requests = new LogReader(connection, Topics.MERGE_REQUESTS, received -> deliver(coordinator, received));
                LogReader answers = new LogReader(connection, Topics.CHUNK_RESULTS, received -> {
                    if (received.event() instanceof Event.ChunkCompleted result) {
                        results.add(result);
                    }
                    deliver(coordinator, received);
                });
                ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor()) {
            log.start();
            coordinator.assigned(IntStream.range(0, Topics.MERGE_REQUESTS.partitions()).boxed().toList());
            requests.start();
            answers.start();
            ticks.scheduleAtFixedRate(() -> coordinator.tick(false), 1, 1, TimeUnit.SECONDS);
            out.printf("%d chunks a merge, %d ms of simulated work a chunk%n%n", chunks, workMillis);
            out.println("workers   chunks/s   overhead a chunk   planned in   longest pause   recipe-service");
            for (int count : workers) {
                throughput(count);
            }
            if (!withoutDeaths) {
                deaths();
            }
            if (merges > 0) {
                manyMerges();
            }
            sizes(connection);
            ticks.shutdownNow();
        }
    }

    private static void deliver(Coordinator coordinator, Received received) {
        coordinator.deliver(EventRoute.of(received.event()).partition(), received, () -> { });
    }

    /** One large merge with a number of workers. */
    private void throughput(int count) throws Exception {
        startWorkers(count);
        Instant submitted = Instant.now();
        String merge = submit("large", SHARD_SIZE);
        Event.MergePlanned planned = awaitPlanned(merge);
        awaitEnds(List.of(merge));
        stopWorkers();
        List<Event.ChunkCompleted> done = resultsOf(merge);
        Instant first = done.getFirst().at();
        Instant last = done.getLast().at();
        double seconds = Duration.between(first, last).toMillis() / 1000.0;
        double perSecond = (done.size() - 1) / seconds;
        out.printf(Locale.ROOT, "%7d %10.0f %15.1f ms %9.1f s %13.2f s %13d MB%n", count, perSecond,
                1000 * count / perSecond - workMillis, Duration.between(submitted, planned.at()).toMillis() / 1000.0,
                longestPause(done), recipeServiceMegabytes());
        out.flush();
    }

    /** Kills a worker in the middle of a merge, several times, and looks when what was in its hands is done by others. */
    private void deaths() throws Exception {
        int usual = workMillis;
        workMillis = Math.max(workMillis, 100);
        double longest = 0;
        double longestPause = 0;
        int happened = 0;
        startWorkers(WORKERS_WITH_DEATHS);
        String merge = submit("large", SHARD_SIZE);
        int count = awaitPlanned(merge).chunks();
        while (happened < DEATHS && resultsOf(merge).size() + RESULTS_BETWEEN_DEATHS + 2 * IN_HAND < count) {
            int before = resultsOf(merge).size();
            await(() -> resultsOf(merge).size() >= before + RESULTS_BETWEEN_DEATHS);
            BitSet done = indexes(resultsOf(merge));
            // Chunks are handed out in turn: whatever was in its hands is missing and no later than this.
            int last = Math.min(count, done.length() + IN_HAND) - 1;
            Instant killed = Instant.now();
            children.removeFirst().kill();
            await(() -> indexes(resultsOf(merge)).nextClearBit(0) > last);
            List<Event.ChunkCompleted> after =
                    resultsOf(merge).stream().filter(result -> result.at().isAfter(killed)).toList();
            for (Event.ChunkCompleted result : after) {
                if (!done.get(result.index()) && result.index() <= last) {
                    longest = Math.max(longest, Duration.between(killed, result.at()).toMillis() / 1000.0);
                }
            }
            longestPause = Math.max(longestPause, longestPause(after));
            happened++;
            startWorkers(1);
        }
        out.printf(Locale.ROOT, "%n%d deaths of a worker among %d (%d ms a chunk): what it may have had in its hands was done "
                + "%.2f s later at most, by others; longest pause of the merge %.2f s%n",
                happened, WORKERS_WITH_DEATHS, workMillis, longest, longestPause);
        cancel(merge);
        stopWorkers();
        workMillis = usual;
    }

    private static BitSet indexes(List<Event.ChunkCompleted> results) {
        BitSet indexes = new BitSet();
        results.forEach(result -> indexes.set(result.index()));
        return indexes;
    }

    /** Orders many merges while no worker runs, then starts four. */
    private void manyMerges() throws Exception {
        long begin = System.nanoTime();
        List<String> ordered = new ArrayList<>();
        for (int i = 0; i < merges; i++) {
            ordered.add(submit("small", "500MB"));
        }
        double accepted = (System.nanoTime() - begin) / 1e9;
        long megabytes = recipeServiceMegabytes();
        startWorkers(4);
        long start = System.nanoTime();
        awaitEnds(ordered);
        out.printf(Locale.ROOT, "%n%d merges queued at once: accepted at %.0f/s, all complete %.1f s after 4 workers came; "
                + "recipe-service %d MB then, %d MB at the end%n", merges, merges / accepted,
                (System.nanoTime() - start) / 1e9, megabytes, recipeServiceMegabytes());
        stopWorkers();
    }

    private void sizes(Map<String, Object> connection) throws InterruptedException {
        for (Topics.Topic topic : Topics.ALL) {
            try (LogReader reader = new LogReader(connection, topic, received -> {
                long bytes = EventCodec.json(received.event()).length;
                synchronized (sizes) {
                    long[] figures = sizes.computeIfAbsent(
                            received.event().getClass().getSimpleName(), name -> new long[3]);
                    figures[0]++;
                    figures[1] += bytes;
                    figures[2] = Math.max(figures[2], bytes);
                }
            })) {
                reader.start();
                reader.awaitEnd(Duration.ofMinutes(2));
            }
        }
        out.printf("%n%-26s %10s %12s %12s%n", "event", "count", "mean bytes", "most bytes");
        sizes.forEach((type, figures) -> out.printf(
                "%-26s %10d %12d %12d%n", type, figures[0], figures[1] / figures[0], figures[2]));
    }

    private void startWorkers(int count) throws IOException {
        for (int i = 0; i < count; i++) {
            String name = "simulated-" + System.nanoTime();
            List<String> flags = new ArrayList<>(List.of(System.getenv("AMALGAM_JVM_COMMON").split(" ")));
            flags.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1"));
            ChildJvm child = ChildJvm.start(new ChildJvm.Command(
                    name, flags, System.getProperty("java.class.path"), SimulatedWorker.class.getName(),
                    List.of(name, stack.bootstrapServers(), store.toString(), Integer.toString(workMillis)), Map.of(),
                    store.resolveSibling("logs").resolve(name + ".log")));
            child.awaitReady(WORKER_START);
            children.add(child);
        }
    }

    private void stopWorkers() {
        children.forEach(ChildJvm::kill);
        children.clear();
    }

    private String submit(String models, String shardSize) throws IOException, InterruptedException {
        ObjectNode order = service.object();
        order.put("recipe", """
                merge_method: linear
                dtype: bfloat16
                models:
                  - model: %s-0
                    parameters: {weight: %d}
                  - model: %s-1
                    parameters: {weight: 1}
                """.formatted(models, ++recipes, models));
        order.put("shardSize", shardSize);
        return service.post("/api/merges", order).path("id").asText();
    }

    private void cancel(String merge) throws Exception {
        service.delete("/api/merges/" + merge);
        awaitEnds(List.of(merge));
    }

    private Event.MergePlanned awaitPlanned(String merge) throws Exception {
        List<Event.MergePlanned> found = new ArrayList<>();
        await(() -> {
            for (Received received : lifecycle) {
                if (received.event() instanceof Event.MergePlanned planned && planned.request().merge().equals(merge)) {
                    found.add(planned);
                    return true;
                }
            }
            return false;
        });
        return found.getFirst();
    }

    private void awaitEnds(List<String> expected) throws Exception {
        Set<String> open = new HashSet<>(expected);
        int[] read = {0};
        await(() -> {
            for (; read[0] < lifecycle.size(); read[0]++) {
                switch (lifecycle.get(read[0]).event()) {
                    case Event.MergeCompleted end -> open.remove(end.merge());
                    case Event.MergeCancelled end -> open.remove(end.merge());
                    case Event.MergeFailed end when expected.contains(end.merge()) ->
                        throw new IllegalStateException("merge failed: " + end.message());
                    default -> { }
                }
            }
            return open.isEmpty();
        });
    }

    private List<Event.ChunkCompleted> resultsOf(String merge) {
        synchronized (results) {
            return results.stream().filter(result -> result.merge().equals(merge)).toList();
        }
    }

    private static double longestPause(List<Event.ChunkCompleted> done) {
        long longest = 0;
        for (int i = 1; i < done.size(); i++) {
            longest = Math.max(longest, Duration.between(done.get(i - 1).at(), done.get(i).at()).toMillis());
        }
        return longest / 1000.0;
    }

    /** The most memory that recipe-service has had resident, as Linux counts it; 0 elsewhere. */
    private long recipeServiceMegabytes() throws IOException {
        Path status = Path.of("/proc", Long.toString(stack.child("recipe-service").process().pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1000;
            }
        }
        return 0;
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within " + LIMIT.toMinutes() + " minutes");
            }
            Thread.sleep(20);
        }
    }
}
