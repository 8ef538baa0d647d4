package io.amalgam.chaos;

import io.amalgam.stack.ServiceClient;
import io.amalgam.stack.Stack;
import io.amalgam.stack.StackSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.KafkaException;

/** One run: the stack under load, faults by the seed's schedule, rest, the check, the figures. */
final class ChaosRun {
    /** For all processes to be back; above the longest start of one. */
    private static final Duration RETURN = Duration.ofMinutes(10);
    /** Without any order's end: above three rounds of a chunk's patience, after which a merge ends as stalled. */
    private static final Duration STILLNESS = Duration.ofMinutes(20);
    private static final Duration PROJECTION = Duration.ofMinutes(5);
    private static final int MOST_DOWN = 1;
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);
    private static final long SHORTEST_PAUSE_MILLIS = 1_000;
    private static final long LONGEST_PAUSE_MILLIS = 9_000;

    private final StackSettings settings;
    private final long seed;
    private final Duration duration;
    private final PrintWriter out;
    private final Map<FaultKind, Integer> faults = new EnumMap<>(FaultKind.class);
    private final Set<String> compared = new HashSet<>();
    private final long begin = System.nanoTime();

    /**
     * A run.
     *
     * @param settings of the stack; its work and store folders are the run's own
     * @param seed decides orders and faults
     * @param duration for which faults are injected
     * @param out gets a line for each fault, and the report
     */
    ChaosRun(StackSettings settings, long seed, Duration duration, PrintWriter out) {
        this.settings = settings;
        this.seed = seed;
        this.duration = duration;
        this.out = out;
    }

    /**
     * Runs.
     *
     * @return whether every invariant held
     */
    boolean run() throws IOException, InterruptedException {
        say("seed " + seed);
        Wishes.makeModels(settings.models(), settings.home().resolve("samples/models"));
        try (Stack stack = new Stack(settings, this::say)) {
            Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "chaos-shutdown"));
            stack.start();
            say("the stack is ready: " + String.join(", ", stack.names()));
            Load load = new Load(stack.addresses(), new Wishes(new Random(seed)), new Random(seed + 1));
            Witness witness = new Witness(settings.store());
            Reference reference =
                    new Reference(settings.models(), settings.store(), settings.work().resolve("reference"));
            List<String> differences = new ArrayList<>();
            witness.start();
            load.start();
            Processes processes = new Processes(stack);
            try (processes) {
                breakThings(new Injector(stack, processes, settings.store(), new Random(seed + 2), new Random(seed + 4)),
                        processes, load, reference, differences);
            }
            load.stopOrdering();
            settle(processes, load, differences);
            load.close();
            witness.close();
            compareFinished(load, reference, differences, Integer.MAX_VALUE);
            return report(stack, load, witness, reference, differences);
        }
    }

    /** Injects a fault after another; between them, compares what has been finished with its reference. */
    private void breakThings(
            Injector injector, Processes processes, Load load, Reference reference, List<String> differences)
            throws InterruptedException {
        Random pauses = new Random(seed + 3);
        long end = System.nanoTime() + duration.toNanos();
        while (System.nanoTime() < end) {
            long pauseEnd = System.nanoTime() + 1_000_000 * pauses.nextLong(SHORTEST_PAUSE_MILLIS, LONGEST_PAUSE_MILLIS);
            compareFinished(load, reference, differences, 1);
            Thread.sleep(Math.max(0, (pauseEnd - System.nanoTime()) / 1_000_000));
            awaitMostBack(processes);
            FaultKind kind = injector.choose();
            Optional<String> done = injector.inject(kind);
            if (done.isPresent()) {
                faults.merge(kind, 1, Integer::sum);
                say(kind.words() + ": " + done.get());
            }
        }
    }

    /** A line of which everything is down does nothing that could go wrong: on a slow machine, faults wait for it. */
    private static void awaitMostBack(Processes processes) throws InterruptedException {
        long end = System.nanoTime() + LONGEST_WAIT.toNanos();
        while (processes.down().size() > MOST_DOWN && System.nanoTime() < end) {
            Thread.sleep(100);
        }
    }

    private void compareFinished(Load load, Reference reference, List<String> differences, int most) {
        int done = 0;
        for (Order order : load.orders()) {
            if (done < most && order.state() == Order.State.COMPLETED && compared.add(order.artifact())) {
                done++;
                for (String difference : reference.compare(order)) {
                    differences.add(difference);
                    say("VIOLATION: " + difference);
                }
            }
        }
    }

    /** Waits until every process is back, and then for every order, as long as any of them still ends. */
    private void settle(Processes processes, Load load, List<String> differences) throws InterruptedException {
        say("no more faults and orders; " + load.unfinished() + " orders are open");
        long end = System.nanoTime() + RETURN.toNanos();
        while (!processes.down().isEmpty() && System.nanoTime() < end) {
            Thread.sleep(500);
        }
        processes.down().forEach(name -> differences.add(name + " has not come back"));
        long open = load.unfinished();
        end = System.nanoTime() + STILLNESS.toNanos();
        while (open > 0 && System.nanoTime() < end) {
            Thread.sleep(500);
            if (load.unfinished() < open) {
                open = load.unfinished();
                end = System.nanoTime() + STILLNESS.toNanos();
            }
        }
        say("the line is at rest; " + load.unfinished() + " orders are open");
    }

    private boolean report(
            Stack stack, Load load, Witness witness, Reference reference, List<String> differences)
            throws IOException, InterruptedException {
        Checker checker = checked(stack, load);
        int sum = faults.values().stream().mapToInt(Integer::intValue).sum();
        out.println();
        out.printf("seed %d, %d minutes%n", seed, Duration.ofNanos(System.nanoTime() - begin).toMinutes());
        out.printf("%-44s %6d%n", "merges submitted", load.orders().size());
        out.printf("%-44s %6d%n", "faults injected", sum);
        for (FaultKind kind : FaultKind.values()) {
            out.printf("  %-42s %6d%n", kind.words(), faults.getOrDefault(kind, 0));
        }
        out.printf("%-44s %6d%n", "results delivered more than once", checker.redeliveries());
        out.printf("%-44s %6d%n", "records given up (dead letters)", checker.deadLetters());
        out.printf("%-44s %6d%n", "merges given up and tried again", load.triedAgain());
        out.printf("%-44s %6d%n", "merges cancelled",
                load.orders().stream().filter(order -> order.state() == Order.State.CANCELLED).count());
        out.printf("%-44s %6d%n", "artifacts published", checker.published());
        int[] figures = reference.figures();
        out.printf("%-44s %6s%n", "digests equal to the reference", figures[1] + " of " + figures[0]);
        out.printf("%-44s %6d%n", "lost", checker.lost().size());
        out.printf("%-44s %6d%n", "duplicated", checker.duplicated().size());
        out.printf("%-44s %6d%n", "half-published", witness.halves().size());
        out.printf("%-44s %6d%n", "other violations", checker.wrong().size() + differences.size());
        List<String> violations = new ArrayList<>(differences);
        violations.addAll(checker.lost());
        violations.addAll(checker.duplicated());
        violations.addAll(witness.halves());
        violations.addAll(checker.wrong());
        violations.forEach(violation -> out.println("VIOLATION: " + violation));
        out.println(violations.isEmpty()
                ? "every invariant held"
                : "violated; the same orders and faults again: ./amalgam chaos --seed " + seed);
        out.flush();
        return violations.isEmpty();
    }

    /** The projection is read when it has had time to catch up: as long as something is wrong, it is looked at again. */
    private Checker checked(Stack stack, Load load) throws IOException, InterruptedException {
        long end = System.nanoTime() + PROJECTION.toNanos();
        while (true) {
            Checker checker = new Checker(
                    stack.bootstrapServers(), new ServiceClient(stack.address()), settings.store(), load.orders());
            try {
                checker.check();
                boolean clean = checker.lost().isEmpty() && checker.duplicated().isEmpty() && checker.wrong().isEmpty();
                if (clean || System.nanoTime() > end) {
                    return checker;
                }
            } catch (IOException | KafkaException failure) {
                if (System.nanoTime() > end) {
                    throw failure;
                }
            }
            Thread.sleep(2_000);
        }
    }

    private synchronized void say(String message) {
        long millis = (System.nanoTime() - begin) / 1_000_000;
        out.printf(Locale.ROOT, "%7.1f  %s%n", millis / 1000.0, message);
        out.flush();
    }

    /** Removes what an earlier run left, but for the models. */
    static void clean(Path work) throws IOException {
        for (String name : List.of("store", "broker", "postgresql/data", "logs", "reference")) {
            Reference.remove(work.resolve(name));
        }
        Files.createDirectories(work);
    }
}
