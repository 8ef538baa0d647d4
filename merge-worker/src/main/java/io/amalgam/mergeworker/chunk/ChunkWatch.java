package io.amalgam.mergeworker.chunk;

import io.amalgam.engine.execute.ExecutionListener;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * Watches a chunk while it is made: counts its bytes, and says when to give it up. The answer is looked for at most
 * every {@value #CHECK_MILLIS} ms, since the question comes with every block.
 */
final class ChunkWatch implements ExecutionListener {

    /** Why a chunk is given up. */
    enum Reason {
        /** Its merge has ended. */
        MERGE_ENDED,
        /** The worker drains and waits no longer. */
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
    private final BooleanSupplier workerStops;
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
     * @param mergeEnded whether its merge has ended
     * @param workerStops whether the worker waits no longer
     * @param readListener told of bytes read
     * @param writtenListener told of bytes written
     */
    ChunkWatch(
            Duration limit, BooleanSupplier mergeEnded, BooleanSupplier workerStops, LongConsumer readListener,
            LongConsumer writtenListener) {
        this.mergeEnded = mergeEnded;
        this.workerStops = workerStops;
        this.readListener = readListener;
        this.writtenListener = writtenListener;
        long now = System.nanoTime();
        this.deadline = now + limit.toNanos();
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
        } else if (workerStops.getAsBoolean()) {
            reason = Reason.WORKER_STOPS;
        } else if (now - deadline > 0) {
            reason = Reason.DEADLINE;
        } else if (now - movedAt > STILLNESS.toNanos()) {
            reason = Reason.STILL;
        }
        return reason != null;
    }

    /** Why the chunk was given up, or null. */
    Reason reason() {
        return reason;
    }
}
