package io.amalgam.mergeworker.chunk;

import io.amalgam.engine.execute.ExecutionListener;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.Predicate;

/**
 * Watches a chunk while it is made: counts its bytes, and says when to give it up. The answer is looked for at most
 * every {@value #CHECK_MILLIS} ms, since the question comes with every block.
 */
final class ChunkWatch implements ExecutionListener {

    /** Why a chunk is given up. */
    enum Reason {
        /** Its merge has ended. */
        MERGE_ENDED,
        /** The worker drains, and waits no longer or would not wait for as long as this takes. */
        WORKER_STOPS,
        /** It took longer than it may. */
        DEADLINE,
        /** No byte has moved for {@link #STILLNESS}. */
        STILL
    }

    /** How long no byte may move. */
    static final Duration STILLNESS = Duration.ofSeconds(30);

    private static final long CHECK_MILLIS = 50;

    private final BooleanSupplier mergeEnded;
    private final Predicate<Duration> workerStops;
    private final long bytesToWrite;
    private final AtomicLong written = new AtomicLong();
    private final long begun;
    private final LongConsumer readListener;
    private final LongConsumer writtenListener;
    private final long deadline;
    private volatile long movedAt;
    private volatile long nextCheck;
    private volatile Reason reason;

    /**
     * Begins to watch.
     *
     * @param limit how long the chunk may take
     * @param bytesToWrite the chunk's size: what is written of it tells how long the rest takes
     * @param mergeEnded whether its merge has ended
     * @param workerStops whether the worker will not wait for a chunk that takes this much longer
     * @param readListener told of bytes read
     * @param writtenListener told of bytes written
     */
    ChunkWatch(
            Duration limit, long bytesToWrite, BooleanSupplier mergeEnded, Predicate<Duration> workerStops,
            LongConsumer readListener, LongConsumer writtenListener) {
        this.bytesToWrite = bytesToWrite;
        this.mergeEnded = mergeEnded;
        this.workerStops = workerStops;
        this.readListener = readListener;
        this.writtenListener = writtenListener;
        long now = System.nanoTime();
        this.deadline = now + limit.toNanos();
        this.begun = now;
        this.movedAt = now;
        this.nextCheck = now;
    }

    @Override
    public void bytesRead(long bytes) {
        movedAt = System.nanoTime();
        readListener.accept(bytes);
    }

    @Override
    public void bytesWritten(long bytes) {
        movedAt = System.nanoTime();
        written.addAndGet(bytes);
        writtenListener.accept(bytes);
    }

    @Override
    public boolean cancelled() {
        if (reason != null) {
            return true;
        }
        long now = System.nanoTime();
        if (now - nextCheck < 0) {
            return false;
        }
        nextCheck = now + CHECK_MILLIS * 1_000_000;
        if (mergeEnded.getAsBoolean()) {
            reason = Reason.MERGE_ENDED;
        } else if (workerStops.test(remaining(now))) {
            reason = Reason.WORKER_STOPS;
        } else if (now - deadline > 0) {
            reason = Reason.DEADLINE;
        } else if (now - movedAt > STILLNESS.toNanos()) {
            reason = Reason.STILL;
        }
        return reason != null;
    }

    /** How long the rest takes at the rate so far; zero while nothing is written, since that tells nothing. */
    private Duration remaining(long now) {
        long done = written.get();
        return done == 0
                ? Duration.ZERO
                : Duration.ofNanos((long) ((now - begun) * (double) Math.max(0, bytesToWrite - done) / done));
    }

    /** Why the chunk was given up, or null. */
    Reason reason() {
        return reason;
    }
}
