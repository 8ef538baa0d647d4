package io.amalgam.engine.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Reads many things at once, a bounded number at a time: over a network, waiting is what takes the time. */
public final class InParallel {

    private InParallel() {
    }

    /** What is done to each item. */
    public interface Step<A, B> {
        /** The result for one item. */
        B apply(A item) throws IOException;
    }

    /**
     * Applies a step to every item.
     *
     * @param items in the order of the results
     * @param most how many at a time
     * @return the results, in the order of the items
     * @throws IOException if a step throws it; of several failures, that of the first item, and so with any other
     *     exception
     */
    public static <A, B> List<B> map(List<A> items, int most, Step<A, B> step) throws IOException {
        if (items.size() < 2) {
            List<B> results = new ArrayList<>(items.size());
            for (A item : items) {
                results.add(step.apply(item));
            }
            return results;
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(
                Math.min(most, items.size()),
                Thread.ofPlatform().daemon().name("amalgam-read-", 0).factory())) {
            List<Future<B>> running = new ArrayList<>(items.size());
            for (A item : items) {
                running.add(threads.submit(() -> step.apply(item)));
            }
            try {
                List<B> results = new ArrayList<>(items.size());
                for (Future<B> each : running) {
                    results.add(each.get());
                }
                return results;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while reading", e);
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case IOException failure -> throw failure;
                    case RuntimeException failure -> throw failure;
                    case Error failure -> throw failure;
                    default -> throw new IllegalStateException(e.getCause());
                }
            } finally {
                threads.shutdownNow();
            }
        }
    }
}
