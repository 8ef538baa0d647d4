package io.amalgam.engine.store;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Syncs a file while it is being written, so that the disk works while the processors do and little is left to wait for
 * at the end. One sync runs at a time, on a thread of its own; what is written meanwhile belongs to the next.
 */
final class EarlySync {
    /** Written between two syncs: enough for the disk to be worth it, little beside a shard. */
    private static final long STEP = 32L << 20;

    private final FileChannel channel;
    private long begun;
    private FutureTask<Void> running;

    /** For a file that is open for writing. */
    EarlySync(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Told how long the file has become; begins a sync if it is time and none runs.
     *
     * @throws IOException of an earlier sync: the system tells of a failure once, and a later sync may succeed though what
     *     was written is lost
     */
    void grown(long length) throws IOException {
        if (length - begun < STEP || running != null && !running.isDone()) {
            return;
        }
        await();
        begun = length;
        Callable<Void> sync = () -> {
            channel.force(false);
            return null;
        };
        running = new FutureTask<>(sync);
        Thread.ofPlatform().daemon().name("amalgam-sync").start(running);
    }

    /**
     * Waits until everything is on the disk.
     *
     * @throws IOException of this sync or an earlier one
     */
    void finish() throws IOException {
        await();
        channel.force(true);
    }

    private void await() throws IOException {
        if (running == null) {
            return;
        }
        try {
            running.get();
        } catch (InterruptedException e) {
            // The work was cancelled; whoever did so removes the file.
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the disk was written to");
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
    }
}
