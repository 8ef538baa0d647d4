package io.amalgam.stack;

import io.amalgam.broker.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * One process of the stack. If it ends although nobody asked it to, it is started again, only so many times in a row
 * without having run for {@link #STEADY}.
 */
final class Supervised implements AutoCloseable {
    private static final Duration STEADY = Duration.ofMinutes(1);
    /** Between attempts to start it: what keeps it from starting, such as a port that is still taken, often passes. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** Starts the process and waits until it is ready. */
    interface Starter {
        ChildJvm start() throws IOException, InterruptedException;
    }

    private final String name;
    private final boolean foundation;
    private final int restartLimit;
    private final Consumer<String> reporter;
    private final Starter starter;
    private ChildJvm child;
    private boolean endExpected;
    private int restarts;

    /**
     * Describes a process; it does not run yet.
     *
     * @param name what messages call it
     * @param foundation whether others depend on it, so that it stops after them
     * @param restartLimit how often in a row it is started again
     * @param reporter gets a sentence when it ends and when it is back
     * @param starter starts it
     */
    Supervised(String name, boolean foundation, int restartLimit, Consumer<String> reporter, Starter starter) {
        this.name = name;
        this.foundation = foundation;
        this.restartLimit = restartLimit;
        this.reporter = reporter;
        this.starter = starter;
    }

    String name() {
        return name;
    }

    boolean isFoundation() {
        return foundation;
    }

    synchronized ChildJvm child() {
        return child;
    }

    /** Starts it and waits until it is ready. */
    void start() throws IOException {
        ChildJvm next;
        try {
            next = starter.start();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + name + " started", e);
        }
        long since = System.nanoTime();
        boolean unwanted;
        synchronized (this) {
            child = next;
            unwanted = endExpected;
        }
        if (unwanted) {
            next.close();
            return;
        }
        next.process().onExit().thenAcceptAsync(
                process -> ended(process.exitValue(), Duration.ofNanos(System.nanoTime() - since)),
                task -> Thread.ofVirtual().name(name + "-supervisor").start(task));
    }

    private void ended(int status, Duration ran) {
        synchronized (this) {
            if (endExpected) {
                return;
            }
            restarts = ran.compareTo(STEADY) > 0 ? 0 : restarts;
        }
        for (String what = name + " ended (status " + status + ")"; mayRestart(what); what = name + " did not start") {
            try {
                start();
                reporter.accept(name + " is ready again");
                return;
            } catch (IOException e) {
                reporter.accept(e.getMessage());
            }
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** Whether it is started again, which is said; counted. */
    private boolean mayRestart(String what) {
        synchronized (this) {
            if (endExpected) {
                return false;
            }
            restarts++;
        }
        if (restarts > restartLimit) {
            reporter.accept(what + " again and is not started any more; its log is " + child().log());
            return false;
        }
        reporter.accept(what + " and is started again");
        return true;
    }

    /** From now on its end is what somebody wants. */
    synchronized void expectEnd() {
        endExpected = true;
    }

    /** Stops it in order and waits until it is gone. */
    @Override
    public void close() {
        expectEnd();
        ChildJvm running = child();
        if (running != null) {
            running.close();
        }
    }
}
