package io.amalgam.performance;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.OperatingSystemMXBean;
import io.amalgam.evaluation.inference.LanguageModel;
import io.amalgam.evaluation.inference.LoglikelihoodRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * The same work by our forward pass and by others, in turns: ours, theirs, ours, theirs. Figures are medians over rounds;
 * before them both sides are warmed up, by some of the same work, which is not counted. Beside the time on the clock stands
 * the processor time of all threads, which tells more where the machine has other work; with one thread it is free of
 * what threads wait for one another.
 */
final class InferenceSpeed {
    private static final String OURS = "amalgam float32";
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final int WARMING_REQUESTS = 30;

    /** What some work took, in seconds: on the clock, and of processors. */
    private record Taken(double clock, double processor) {
        static Taken of(JsonNode answer) {
            return new Taken(answer.get("seconds").doubleValue(), answer.get("processor").doubleValue());
        }

        Taken times(double factor) {
            return new Taken(clock * factor, processor * factor);
        }
    }

    private final LanguageModel model;
    private final Map<String, HarnessPeer> peers;
    private final int rounds;
    private final Map<String, List<Taken>> seconds = new LinkedHashMap<>();

    /**
     * A measurement.
     *
     * @param peers by name; may be empty
     * @param rounds that count
     */
    InferenceSpeed(LanguageModel model, Map<String, HarnessPeer> peers, int rounds) {
        this.model = model;
        this.peers = peers;
        this.rounds = rounds;
    }

    /** Reads texts that have nothing in common, with logits at their last token, and prints tokens per second. */
    void prefill(int sequences, int words) throws IOException {
        List<String> texts = texts(sequences, words);
        List<LoglikelihoodRequest> requests = texts.stream().map(text -> new LoglikelihoodRequest(text, " the")).toList();
        long tokens = 0;
        seconds.clear();
        for (int round = 0; round <= rounds; round++) {
            note(OURS, round, () -> model.loglikelihood(requests));
            for (Map.Entry<String, HarnessPeer> peer : peers.entrySet()) {
                JsonNode answer = peer.getValue().prefill(texts);
                tokens = answer.get("tokens").longValue();
                note(peer.getKey(), round, Taken.of(answer));
            }
        }
        if (peers.isEmpty()) {
            tokens = sequences * (long) words;
        }
        System.out.printf("%nprefill, %d texts, %d tokens: tokens/s%n", sequences, tokens);
        print(tokens);
    }

    /**
     * Scores tasks and prints requests per second: ours all together, so that what requests share is computed once, and
     * ours one by one; theirs as {@code HFLM.loglikelihood} does a whole task.
     *
     * @param oneByOne of how many requests of a task the second figure is made
     */
    void tasks(List<TaskRequests> tasks, int oneByOne) throws IOException {
        for (TaskRequests task : tasks) {
            if (task.requests().isEmpty()) {
                System.out.printf("%n%s has no choices; its speed is not measured%n", task.task());
                continue;
            }
            List<LoglikelihoodRequest> requests = task.requests();
            List<LoglikelihoodRequest> some = requests.subList(0, Math.min(requests.size(), oneByOne));
            List<LoglikelihoodRequest> warming = requests.subList(0, Math.min(requests.size(), WARMING_REQUESTS));
            seconds.clear();
            String alone = OURS + ", one by one";
            for (int round = 0; round <= rounds; round++) {
                List<LoglikelihoodRequest> asked = round == 0 ? warming : requests;
                note(OURS, round, () -> model.loglikelihood(asked));
                note(alone, round, () -> {
                    for (LoglikelihoodRequest request : some) {
                        model.loglikelihood(List.of(request));
                    }
                });
                for (Map.Entry<String, HarnessPeer> peer : peers.entrySet()) {
                    note(peer.getKey(), round, Taken.of(peer.getValue().loglikelihood(asked)));
                }
            }
            // The part stands for the whole.
            seconds.get(alone).replaceAll(part -> part.times((double) requests.size() / some.size()));
            System.out.printf("%n%s, %d questions, %d requests: requests/s%n", task.task(), task.questions(),
                    requests.size());
            print(requests.size());
        }
    }

    private void note(String side, int round, Runnable work) {
        long start = System.nanoTime();
        long processor = PROCESS.getProcessCpuTime();
        work.run();
        note(side, round, new Taken(
                (System.nanoTime() - start) / 1e9, (PROCESS.getProcessCpuTime() - processor) / 1e9));
    }

    private void note(String side, int round, Taken taken) {
        if (round > 0) {
            seconds.computeIfAbsent(side, key -> new ArrayList<>()).add(taken);
        }
    }

    private void print(double amount) {
        double clock = median(seconds.get(OURS), Taken::clock);
        double processor = median(seconds.get(OURS), Taken::processor);
        System.out.printf("  %-28s %10s %10s %9s %12s %9s%n", "", "a second", "seconds", "ratio", "processor s", "ratio");
        for (Map.Entry<String, List<Taken>> side : seconds.entrySet()) {
            double taken = median(side.getValue(), Taken::clock);
            double worked = median(side.getValue(), Taken::processor);
            System.out.printf("  %-28s %10.1f %10.2f %8.2fx %12.2f %8.2fx%n", side.getKey(), amount / taken, taken,
                    taken / clock, worked, worked / processor);
        }
    }

    private static double median(List<Taken> values, ToDoubleFunction<Taken> of) {
        double[] sorted = values.stream().mapToDouble(of).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Texts of random common words that differ from the first word on. */
    private static List<String> texts(int sequences, int words) {
        String[] common = ("time year people way day man thing woman life child world school state family student group"
                + " country problem hand part place case week company system program question work night point home water"
                + " room mother area money story fact month lot right study book eye job word business issue side kind head"
                + " house").split(" ");
        Random random = new Random(7);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            StringBuilder text = new StringBuilder(i + " " + common[i % common.length]);
            for (int word = 1; word < words; word++) {
                text.append(' ').append(common[random.nextInt(common.length)]);
            }
            texts.add(text.toString());
        }
        return texts;
    }
}
