package io.amalgam.evaluation.inference;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads that share the short parallel loops of a forward pass.
 *
 * <p>A pass has hundreds of loops of well under a millisecond; handing each to an executor would cost as much as the
 * small ones take. Here a waiting thread spins for some microseconds before it sleeps, and the calling thread works too.
 * One loop runs at a time.
 */
final class WorkerTeam implements AutoCloseable {
    private static final int SPINS = 4_000;

    /** The body of a parallel loop. */
    @FunctionalInterface
    interface Body {
        /**
         * Runs one iteration.
         *
         * @param index of the iteration
         * @param worker which thread runs it, from 0: for scratch memory
         */
        void run(int index, int worker);
    }

    private static final class Loop {
        final int count;
        final Body body;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger unfinished;
        final AtomicReference<Throwable> failure = new AtomicReference<>();

        Loop(int count, Body body) {
            this.count = count;
            this.body = body;
            this.unfinished = new AtomicInteger(count);
        }

        void work(int worker) {
            for (int index = next.getAndIncrement(); index < count; index = next.getAndIncrement()) {
                try {
                    if (failure.get() == null) {
                        body.run(index, worker);
                    }
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                } finally {
                    unfinished.decrementAndGet();
                }
            }
        }
    }

    private final Thread[] threads;
    private volatile Loop current;
    private volatile boolean closed;

    /** Starts a team of {@code size} workers, of which the calling thread is one. */
    WorkerTeam(int size) {
        threads = new Thread[size - 1];
        for (int i = 0; i < threads.length; i++) {
            int worker = i + 1;
            threads[i] = Thread.ofPlatform().daemon().name("inference-" + worker).start(() -> serve(worker));
        }
    }

    /** Number of workers. */
    int size() {
        return threads.length + 1;
    }

    /** Runs all iterations, in any order and on any worker, and returns when they are done. */
    void run(int count, Body body) {
        if (count == 1 || threads.length == 0) {
            for (int index = 0; index < count; index++) {
                body.run(index, 0);
            }
            return;
        }
        Loop loop = new Loop(count, body);
        current = loop;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
        loop.work(0);
        int spins = 0;
        while (loop.unfinished.get() > 0) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        current = null;
        Throwable failure = loop.failure.get();
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (RuntimeException) failure;
        }
    }

    private void serve(int worker) {
        Loop last = null;
        int spins = 0;
        while (!closed) {
            Loop loop = current;
            if (loop != null && loop != last) {
                loop.work(worker);
                last = loop;
                spins = 0;
            } else if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                last = null;
                LockSupport.park(this);
                spins = 0;
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Thread thread : threads) {
            LockSupport.unpark(thread);
        }
    }
}
